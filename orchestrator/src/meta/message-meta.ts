import { CallError } from "../execute/call-error.ts";
import { BYTES, eachField, messageField, stringField, VARINT, WireError } from "../protocol/wire/fields.ts";

/** Field of SeldonMessage that holds its Meta, and of Meta that holds the routing. */
const META = 2;
const ROUTING = 3;

/** An encoded SeldonMessage apart: its meta, and everything else as slices of it. */
export interface SplitMessage {
  /** The encoded Meta; empty where there is none. */
  readonly meta: Buffer;
  readonly rest: readonly Buffer[];
}

/** Takes a message apart without reading anything else of it. CallError (bad-reply) where it is malformed. */
export function splitMeta(message: Buffer): SplitMessage {
  return without(message, META);
}

/** The message again with another Meta, in chunks. */
export function joinMeta(meta: readonly Buffer[], { rest }: SplitMessage): readonly Buffer[] {
  return [...messageField(META, meta), ...rest];
}

/** An encoded Meta with another routing; what else it says is not read. CallError (bad-reply) where it is malformed. */
export function setRouting(meta: Buffer, routing: ReadonlyMap<string, number>): readonly Buffer[] {
  const entries = [...routing].flatMap(([node, branch]) =>
    messageField(ROUTING, [stringField(1, node), int32Field(2, branch)]),
  );
  return [...without(meta, ROUTING).rest, ...entries];
}

/** Several values of one message field are one: bytes behind bytes merge as protobuf has it. */
function without(message: Buffer, number: number): SplitMessage {
  const taken: Buffer[] = [];
  const rest: Buffer[] = [];
  let from = 0;
  try {
    eachField(message, (field) => {
      if (field.number !== number || field.wire !== BYTES) return;
      taken.push(message.subarray(field.value, field.end));
      if (from < field.start) rest.push(message.subarray(from, field.start));
      from = field.end;
    });
  } catch (error) {
    if (error instanceof WireError) throw new CallError("bad-reply", `not an encoded SeldonMessage: ${error.message}`);
    throw error;
  }
  if (from < message.length) rest.push(message.subarray(from));
  const [only] = taken;
  return { meta: taken.length === 1 && only !== undefined ? only : Buffer.concat(taken), rest };
}

/** Negative numbers are ten bytes long: int32 is extended to 64 bits. */
function int32Field(number: number, value: number): Buffer {
  const bytes = [number * 8 + VARINT];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
