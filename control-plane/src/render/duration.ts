/** A duration in the JSON form of protobuf. */
export function duration(milliseconds: number): string {
  return `${String(milliseconds / 1000)}s`;
}
