import { ChunkedBody } from "./chunked-body.ts";
import { NotHttp, type HeadReader, type ReplyHead } from "./reply-head.ts";

/** Who hears of a reply as it is read. */
export interface ReplyListener {
  onHead(head: ReplyHead): void;
  onData(chunk: Buffer): void;
  /** The reply is whole. */
  onEnd(): void;
}

const HEAD_END = Buffer.from("\r\n\r\n");
const MAX_HEAD_BYTES = 64 * 1024;
const SWITCHING_PROTOCOLS = 101;

/** Reads one HTTP/1.1 reply from the pieces of a connection, however they are cut. Interim replies are skipped. */
export class ReplyParser {
  readonly #listener: ReplyListener;
  readonly #heads: HeadReader;
  #headPart: Buffer | undefined;
  #head: ReplyHead | undefined;
  #left = 0;
  #chunked: ChunkedBody | undefined;
  #isDone = false;

  constructor(listener: ReplyListener, heads: HeadReader) {
    this.#listener = listener;
    this.#heads = heads;
  }

  /** True once any byte of the reply has come. */
  get hasBegun(): boolean {
    return this.#head !== undefined || this.#headPart !== undefined;
  }

  /** Reads the next piece. Throws NotHttp; also for anything that comes after the reply. */
  read(piece: Buffer): void {
    let data = piece;
    while (this.#head === undefined) {
      const rest = this.#readHead(data);
      if (rest === undefined) return;
      data = rest;
    }
    if (data.length > 0) this.#readBody(data);
  }

  /** The connection has ended: true where that is how the reply ends. */
  finish(): boolean {
    if (this.#isDone) return true;
    if (this.#head?.framing !== "until-close") return false;
    this.#end();
    return true;
  }

  /** What follows the head; undefined until the head is whole. */
  #readHead(piece: Buffer): Buffer | undefined {
    const data = this.#headPart === undefined ? piece : Buffer.concat([this.#headPart, piece]);
    const end = data.indexOf(HEAD_END);
    if ((end === -1 ? data.length : end) > MAX_HEAD_BYTES) throw new NotHttp("the head is too large");
    if (end === -1) {
      // What does not begin as HTTP does is not waited for.
      if (!"HTTP/1.".startsWith(data.toString("latin1", 0, 7))) throw new NotHttp("it is not HTTP/1.1");
      this.#headPart = data;
      return undefined;
    }
    this.#headPart = undefined;
    const head = this.#heads.read(data.toString("latin1", 0, end));
    const rest = data.subarray(end + HEAD_END.length);
    if (head.status === SWITCHING_PROTOCOLS) throw new NotHttp("it changes the protocol");
    if (head.status < 200) return rest.length === 0 ? undefined : this.#readHead(rest);
    this.#head = head;
    this.#listener.onHead(head);
    if (head.framing === 0) this.#end();
    else if (head.framing === "chunked") this.#chunked = new ChunkedBody();
    else if (head.framing !== "until-close") this.#left = head.framing;
    return rest;
  }

  #readBody(data: Buffer): void {
    if (this.#isDone) throw new NotHttp("more than one reply came");
    if (this.#chunked !== undefined) {
      for (const part of this.#chunked.read(data)) this.#listener.onData(part);
      if (!this.#chunked.isDone) return;
      this.#end();
      if (this.#chunked.hasSurplus) throw new NotHttp("more than one reply came");
      return;
    }
    if (this.#head?.framing === "until-close") {
      this.#listener.onData(data);
      return;
    }
    const surplus = data.length - this.#left;
    this.#left -= data.length;
    this.#listener.onData(surplus > 0 ? data.subarray(0, data.length - surplus) : data);
    if (surplus < 0) return;
    this.#end();
    if (surplus > 0) throw new NotHttp("more than one reply came");
  }

  #end(): void {
    this.#isDone = true;
    this.#listener.onEnd();
  }
}
