import { NotHttp } from "./reply-head.ts";

const CR = 0x0d;
const LF = 0x0a;
/** Bounds a size line with its extensions, and all trailers together. */
const MAX_LINE_BYTES = 4096;

/** Takes the transfer encoding `chunked` off a body (RFC 9112 §7.1). Extensions and trailers are read over. */
export class ChunkedBody {
  #state: "size" | "data" | "data-end" | "trailers" | "done" = "size";
  #line = "";
  #left = 0;
  #trailerBytes = 0;
  #hasSurplus = false;

  get isDone(): boolean {
    return this.#state === "done";
  }

  /** Whether bytes came after the last chunk. */
  get hasSurplus(): boolean {
    return this.#hasSurplus;
  }

  /** The content in the next piece. Throws NotHttp. */
  read(piece: Buffer): readonly Buffer[] {
    const parts: Buffer[] = [];
    let at = 0;
    while (at < piece.length) {
      if (this.#state === "done") {
        this.#hasSurplus = true;
        break;
      }
      if (this.#state === "data") {
        const end = Math.min(piece.length, at + this.#left);
        parts.push(piece.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#state = "data-end";
      } else at = this.#readLine(piece, at);
    }
    return parts;
  }

  #readLine(piece: Buffer, from: number): number {
    const feed = piece.indexOf(LF, from);
    const end = feed === -1 ? piece.length : feed;
    this.#line += piece.toString("latin1", from, end);
    if (this.#line.length > MAX_LINE_BYTES) throw new NotHttp("a chunk's size line is too long");
    if (feed === -1) return end;
    const line = this.#line;
    this.#line = "";
    if (line.charCodeAt(line.length - 1) !== CR) throw new NotHttp("a line of a chunk does not end in CRLF");
    this.#take(line.slice(0, -1));
    return feed + 1;
  }

  #take(line: string): void {
    switch (this.#state) {
      case "size": {
        const [, hex] = /^([\da-f]{1,12})[\t ]*(?:;.*)?$/i.exec(line) ?? [];
        if (hex === undefined) throw new NotHttp("a chunk's size can't be read");
        this.#left = Number.parseInt(hex, 16);
        this.#state = this.#left === 0 ? "trailers" : "data";
        return;
      }
      case "data-end":
        if (line !== "") throw new NotHttp("a chunk is longer than its size");
        this.#state = "size";
        return;
      case "trailers":
        this.#trailerBytes += line.length;
        if (this.#trailerBytes > MAX_LINE_BYTES) throw new NotHttp("the trailers are too large");
        if (line === "") this.#state = "done";
        return;
      case "data":
      case "done":
    }
  }
}
