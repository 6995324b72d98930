import { ApiUnreachable } from "./api-client.ts";

const NEWLINE = 0x0a;

/**
 * Splits a stream into its lines.
 * @throws ApiUnreachable for a line above `longestBytes` and for a stream that ends inside of one
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>, longestBytes: number): AsyncGenerator<string> {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      rest.push(chunk.subarray(start, end));
      if (restBytes + end - start > longestBytes) throw tooLong(longestBytes);
      const line = Buffer.concat(rest).toString("utf8");
      rest = [];
      restBytes = 0;
      start = end + 1;
      if (line.trim() !== "") yield line;
    }
    if (start < chunk.length) {
      rest.push(chunk.subarray(start));
      restBytes += chunk.length - start;
      if (restBytes > longestBytes) throw tooLong(longestBytes);
    }
  }
  if (restBytes > 0) throw new ApiUnreachable("the watch was cut off in the middle of an event");
}

function tooLong(longestBytes: number): ApiUnreachable {
  return new ApiUnreachable(`an event of the watch is longer than ${longestBytes} bytes`);
}
