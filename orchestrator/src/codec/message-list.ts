import { CallError } from "../execute/call-error.ts";
import { JSON_TYPE, type GrpcPayload, type RestPayload } from "../execute/payload.ts";

const OPEN = Buffer.from("[");
const COMMA = Buffer.from(",");
const CLOSE = Buffer.from("]");

/** The replies as one JSON array, bytes untouched; what a combiner takes over REST. Its type is the first reply's. */
export function joinJson(replies: readonly RestPayload[]): RestPayload {
  const parts: Buffer[] = [];
  for (const reply of replies) {
    if (!looksLikeJson(reply.body)) throw new CallError("bad-reply", "Data is not JSON");
    parts.push(parts.length === 0 ? OPEN : COMMA, reply.body);
  }
  parts.push(CLOSE);
  return {
    transport: "rest",
    body: Buffer.concat(parts),
    contentType: replies[0]?.contentType ?? JSON_TYPE,
    contentEncoding: "",
  };
}

/** The replies as one SeldonMessageList, bytes untouched: field 1, length, message. */
export function joinMessages(replies: readonly GrpcPayload[]): GrpcPayload {
  const parts: Buffer[] = [];
  for (const reply of replies) parts.push(fieldHead(reply.body.length), reply.body);
  return { transport: "grpc", body: Buffer.concat(parts) };
}

function fieldHead(length: number): Buffer {
  const bytes = [0x0a];
  let rest = length;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Looks at both ends only: replies are the nodes' to answer for, and may be large. Scalars are read whole. */
function looksLikeJson(body: Buffer): boolean {
  let first = 0;
  let last = body.length - 1;
  while (first < last && isSpace(body[first])) first += 1;
  while (last > first && isSpace(body[last])) last -= 1;
  if (body[first] === 0x7b) return body[last] === 0x7d;
  if (body[first] === 0x5b) return body[last] === 0x5d;
  try {
    JSON.parse(body.toString("utf8"));
    return true;
  } catch {
    return false;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
