import type { Readable } from "node:stream";

/** Longer lines are cut into pieces of this many characters, so that no output grows memory without bound. */
const MAX_LINE_CHARS = 16_384;

/** Calls `onLine` for every line of a stream of UTF-8 text, the last one also without its line feed. */
export function splitLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) emit(part.replace(/\r$/, ""));
    while (rest.length >= MAX_LINE_CHARS) {
      onLine(rest.slice(0, MAX_LINE_CHARS));
      rest = rest.slice(MAX_LINE_CHARS);
    }
  });
  stream.on("close", () => {
    if (rest !== "") emit(rest);
    rest = "";
  });
  // The other end died; its exit is reported elsewhere.
  stream.on("error", () => undefined);

  function emit(line: string): void {
    for (let at = 0; at === 0 || at < line.length; at += MAX_LINE_CHARS) onLine(line.slice(at, at + MAX_LINE_CHARS));
  }
}
