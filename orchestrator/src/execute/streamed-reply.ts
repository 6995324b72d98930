import type { Readable } from "node:stream";

/** A node's reply, 200, whose body is still arriving. Only the client's connection may see one. */
export interface StreamedReply {
  /** Empty: none was sent. */
  readonly contentType: string;
  /** Empty: none. */
  readonly contentEncoding: string;
  /** V2's `Inference-Header-Content-Length`; empty: none. */
  readonly jsonLength: string;
  /** Fails when the node, the deadline or the client ends it early. Whoever doesn't read it slows the node down. */
  readonly body: Readable;
}

/** Hands on a reply as it arrives. Settles when all of it is on its way, or with what went wrong. */
export type TakeStream = (reply: StreamedReply) => Promise<void>;
