import type { DecodeMessage, Meta, ReplyMetas } from "../execute/answer-meta.ts";
import type { Payload } from "../execute/payload.ts";
import type { Operation } from "../execute/operation.ts";
import type { GraphNode } from "../graph/graph.ts";
import { bytesHead } from "../protocol/wire/fields.ts";
import { locateMember, readMember } from "./json-member.ts";
import { splitMeta } from "./message-meta.ts";
import { metaOf, NO_META } from "./meta.ts";

/** Keeps what replies say in their `meta`, and no payload. */
export class KeptMetas implements ReplyMetas {
  readonly #raw = new Map<string, RawMeta>();

  add(node: GraphNode, operation: Operation, reply: Payload): void {
    this.#raw.set(keyOf(node, operation), takeMeta(reply));
  }

  get hasEncoded(): boolean {
    return [...this.#raw.values()].some((one) => Buffer.isBuffer(one));
  }

  get(node: GraphNode, operation: Operation, decode: DecodeMessage | undefined): Meta | undefined {
    const raw = this.#raw.get(keyOf(node, operation));
    return raw === undefined ? undefined : readMeta(raw, decode);
  }
}

/** A `meta` as it was found: JSON that is read already, or an encoded message that holds nothing else. */
export type RawMeta = Meta | Buffer;

/** Takes the `meta` out of a payload and reads nothing else of it. A body that is not plain JSON has none. */
export function takeMeta(payload: Payload): RawMeta {
  if (payload.transport === "grpc") {
    const { meta } = splitMeta(payload.body);
    // Copied, so that the reply's memory can go.
    return meta.length === 0 ? NO_META : Buffer.concat([bytesHead(2, meta.length), meta]);
  }
  if (payload.contentEncoding !== "" && payload.contentEncoding !== "identity") return NO_META;
  const place = locateMember(payload.body, "meta");
  return place === undefined ? NO_META : metaOf(readMember(payload.body, place));
}

export function readMeta(raw: RawMeta, decode: DecodeMessage | undefined): Meta {
  if (!Buffer.isBuffer(raw)) return raw;
  return decode === undefined ? NO_META : metaOf(decode(raw)["meta"]);
}

function keyOf(node: GraphNode, operation: Operation): string {
  return `${node.index}/${operation}`;
}
