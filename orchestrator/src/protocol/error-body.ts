/** What clients of V2 and TensorFlow Serving read (`error`), and what those of Seldon do (`status`), in one. */
export function errorBody(code: number, info: string): unknown {
  return { error: info, status: { code, info, status: "FAILURE" } };
}
