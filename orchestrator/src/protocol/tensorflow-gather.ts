import { CallError } from "../execute/call-error.ts";
import { JSON_TYPE, type GrpcPayload, type RestPayload } from "../execute/payload.ts";
import { inflated } from "./inflate.ts";
import { elementsOf, JsonTextError, keyOf, kindAt, membersOf, type Span } from "./json-text/scan.ts";
import type { ChildReply, ModelRef } from "./protocol.ts";
import { BYTES, eachField, messageField, stringField, WireError } from "./wire/fields.ts";

/**
 * The children's outputs as the inputs of one PredictRequest, in the children's order, each named `<child>.<output>`.
 * Tensors are not read.
 */
export function gatherMessages(replies: readonly ChildReply<GrpcPayload>[], model: ModelRef): GrpcPayload {
  const parts: Buffer[] = [...messageField(1, [stringField(1, model.name)])];
  for (const { child, payload } of replies) {
    const { body } = payload;
    const tensors = payload.isReply === true ? 1 : 2;
    try {
      eachField(body, ({ number, wire, value, end }) => {
        if (number !== tensors) return;
        if (wire !== BYTES) throw new WireError("a field has the wrong type");
        parts.push(...messageField(2, renamedEntry(child, body.subarray(value, end))));
      });
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      throw new CallError(
        "bad-reply",
        `the answer of node ${child} is not an encoded PredictResponse: ${error.message}`,
      );
    }
  }
  return { transport: "grpc", body: Buffer.concat(parts) };
}

/** A map entry (1 key, 2 value) under its child's name. */
function renamedEntry(child: string, entry: Buffer): Buffer[] {
  let key = "";
  const rest: Buffer[] = [];
  eachField(entry, ({ number, wire, start, value, end }) => {
    if (wire !== BYTES) throw new WireError("a map entry has the wrong type");
    if (number === 1) key = entry.toString("utf8", value, end);
    else rest.push(entry.subarray(start, end));
  });
  return [stringField(1, `${child}.${key}`), ...rest];
}

/**
 * The same over REST, by columns: `outputs` as they are; rows of `predictions` turned into columns where their values
 * are named. An output without a name has the child's alone.
 */
export async function gatherJson(replies: readonly ChildReply<RestPayload>[], maxBytes: number): Promise<RestPayload> {
  const parts: Buffer[] = [];
  for (const { child, payload } of replies) {
    const { body } = await inflated(payload, maxBytes);
    try {
      for (const [name, value] of columnsOf(body)) {
        const key = JSON.stringify(name === undefined ? child : `${child}.${name}`);
        parts.push(Buffer.from(`${parts.length === 0 ? "" : ","}${key}:`), ...value);
      }
    } catch (error) {
      if (!(error instanceof JsonTextError)) throw error;
      throw new CallError("bad-reply", `the answer of node ${child} can't be combined: ${error.message}`);
    }
  }
  const body = Buffer.concat([Buffer.from('{"inputs":{'), ...parts, Buffer.from("}}")]);
  return { transport: "rest", body, contentType: JSON_TYPE, contentEncoding: "" };
}

type Column = readonly [name: string | undefined, value: readonly Buffer[]];

function columnsOf(body: Buffer): Column[] {
  const members = new Map(membersOf(body).map((one) => [keyOf(body, one), one]));
  // A branch that called no node gives the request back.
  const columns = members.get("outputs") ?? members.get("inputs");
  if (columns !== undefined) return namedValues(body, { start: columns.valueStart, end: columns.valueEnd });
  const rows = members.get("predictions") ?? members.get("instances");
  if (rows === undefined) throw new JsonTextError("it has neither outputs nor predictions");
  const all = { start: rows.valueStart, end: rows.valueEnd };
  if (kindAt(body, all.start) !== "array") return [[undefined, [spanOf(body, all)]]];
  const elements = elementsOf(body, all.start, all.end);
  const isNamed = elements.length > 0 && elements.every((one) => kindAt(body, one.start) === "object");
  return isNamed ? transposed(body, elements) : [[undefined, [spanOf(body, all)]]];
}

function namedValues(body: Buffer, value: Span): Column[] {
  if (kindAt(body, value.start) !== "object") return [[undefined, [spanOf(body, value)]]];
  return membersOf(body, value.start, value.end).map((one) => [
    keyOf(body, one),
    [body.subarray(one.valueStart, one.valueEnd)],
  ]);
}

function transposed(body: Buffer, rows: readonly Span[]): Column[] {
  const columns = new Map<string, Buffer[]>();
  for (const [i, row] of rows.entries()) {
    for (const member of membersOf(body, row.start, row.end)) {
      const name = keyOf(body, member);
      const column = columns.get(name) ?? [];
      if (column.length !== i) throw new JsonTextError("its rows have different names");
      column.push(body.subarray(member.valueStart, member.valueEnd));
      columns.set(name, column);
    }
  }
  return [...columns].map(([name, values]) => {
    if (values.length !== rows.length) throw new JsonTextError("its rows have different names");
    return [name, listOf(values)];
  });
}

function listOf(values: readonly Buffer[]): Buffer[] {
  return [OPEN, ...values.flatMap((value, i) => (i === 0 ? [value] : [COMMA, value])), CLOSE];
}

const OPEN = Buffer.from("[");
const COMMA = Buffer.from(",");
const CLOSE = Buffer.from("]");

function spanOf(body: Buffer, { start, end }: Span): Buffer {
  return body.subarray(start, end);
}
