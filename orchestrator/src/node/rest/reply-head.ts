/** What the head of a node's HTTP reply says, as far as anybody asks. */
export interface ReplyHead {
  readonly status: number;
  readonly contentType: string;
  readonly contentEncoding: string;
  /** V2's `Inference-Header-Content-Length`; empty: none. */
  readonly jsonLength: string;
  readonly framing: Framing;
  /** For how long the connection may be used again; 0: not at all. */
  readonly keepAliveMs: number;
}

/** How the end of the body is known: its length in bytes, by chunks, or by the end of the connection. */
export type Framing = number | "chunked" | "until-close";

/** What a node sent is not HTTP/1.1 as RFC 9112 has it. */
export class NotHttp extends Error {}

/** Shorter than the 5 s after which most servers close an idle connection. */
const KEEP_ALIVE_MS = 4_000;
/** A server that says how long it waits is believed, less a second for what is on its way. */
const KEEP_ALIVE_MARGIN_MS = 1_000;
const MAX_KEEP_ALIVE_MS = 600_000;
const NAME = /^[!#$%&'*+.^`|~\w-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Reads a head, without the empty line that ends it. Throws NotHttp. */
export function readHead(text: string): ReplyHead {
  const [, minor, status] = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?(?:\r\n|$)/.exec(text) ?? [];
  if (minor === undefined || status === undefined) throw new NotHttp("the status line can't be read");
  const seen = { type: "", encoding: "", jsonLength: "", length: "", transfer: "", connection: "", keepAlive: "" };
  for (let at = text.indexOf("\r\n"); at !== -1;) {
    const start = at + 2;
    at = text.indexOf("\r\n", start);
    const end = at === -1 ? text.length : at;
    const colon = text.indexOf(":", start);
    const name = text.slice(start, colon);
    const value = text.slice(colon + 1, end).trim();
    if (colon === -1 || colon > end || !NAME.test(name) || !VALUE.test(value)) {
      throw new NotHttp("a header can't be read");
    }
    note(seen, name.toLowerCase(), value);
  }
  const framing = framingOf(Number(status), seen.length, seen.transfer);
  return {
    status: Number(status),
    contentType: seen.type,
    contentEncoding: seen.encoding,
    jsonLength: seen.jsonLength,
    framing,
    keepAliveMs: framing === "until-close" ? 0 : keepAliveOf(minor === "1", seen.connection, seen.keepAlive),
  };
}

/**
 * Reads heads one after the other. A node says the same again and again, but for its clock: the head before is kept, and
 * found again by its text.
 */
export class HeadReader {
  #text = "";
  #head: ReplyHead | undefined;

  /** Throws NotHttp. */
  read(text: string): ReplyHead {
    if (this.#head !== undefined && text === this.#text) return this.#head;
    const head = readHead(text);
    this.#text = text;
    this.#head = head;
    return head;
  }
}

type Seen = Record<"type" | "encoding" | "jsonLength" | "length" | "transfer" | "connection" | "keepAlive", string>;

function note(seen: Seen, name: string, value: string): void {
  switch (name) {
    case "content-type":
      seen.type = value;
      return;
    case "content-encoding":
      seen.encoding = joined(seen.encoding, value);
      return;
    case "content-length":
      if (seen.length !== "" && seen.length !== value) throw new NotHttp("two lengths are given");
      if (!/^\d{1,15}$/.test(value)) throw new NotHttp("the length is not a number");
      seen.length = value;
      return;
    case "transfer-encoding":
      seen.transfer = joined(seen.transfer, value.toLowerCase());
      return;
    case "connection":
      seen.connection = joined(seen.connection, value.toLowerCase());
      return;
    case "keep-alive":
      seen.keepAlive = value;
      return;
    case "inference-header-content-length":
      seen.jsonLength = value;
  }
}

function joined(before: string, value: string): string {
  return before === "" ? value : `${before}, ${value}`;
}

/** RFC 9112 §6.3. Both a length and an encoding is what smuggling looks like, and refused. */
function framingOf(status: number, length: string, transfer: string): Framing {
  if (status < 200 || status === 204 || status === 304) return 0;
  if (transfer !== "") {
    if (length !== "") throw new NotHttp("both a length and a transfer encoding are given");
    if (transfer !== "chunked") throw new NotHttp(`transfer encoding ${transfer} is not known`);
    return "chunked";
  }
  return length === "" ? "until-close" : Number(length);
}

function keepAliveOf(isHttp11: boolean, connection: string, keepAlive: string): number {
  if (connection !== "") {
    const options = connection.split(",").map((one) => one.trim());
    if (options.includes("close") || (!isHttp11 && !options.includes("keep-alive"))) return 0;
  } else if (!isHttp11) return 0;
  const seconds = keepAlive === "" ? undefined : /timeout=(\d{1,6})/.exec(keepAlive)?.[1];
  if (seconds === undefined) return KEEP_ALIVE_MS;
  return Math.min(MAX_KEEP_ALIVE_MS, Math.max(0, Number(seconds) * 1000 - KEEP_ALIVE_MARGIN_MS));
}
