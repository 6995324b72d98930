import { escapeHtmlInJson } from "./html-escape.ts";

const E2 = 0xe2;
const MIDDLE = 0x80;

/** `escapeHtmlInJson` for a body in pieces: a character that is cut between two is put together first. */
export class HtmlEscaper {
  #kept: Buffer | undefined;

  write(piece: Buffer): Buffer {
    const data = this.#kept === undefined ? piece : Buffer.concat([this.#kept, piece]);
    const last = data.length - 1;
    const keeps = data[last] === E2 ? 1 : data[last - 1] === E2 && data[last] === MIDDLE ? 2 : 0;
    this.#kept = keeps === 0 ? undefined : data.subarray(data.length - keeps);
    return escapeHtmlInJson(keeps === 0 ? data : data.subarray(0, data.length - keeps));
  }

  /** What is left when no further piece comes. */
  end(): Buffer | undefined {
    return this.#kept;
  }
}
