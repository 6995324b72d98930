import { CallError } from "../execute/call-error.ts";
import { JSON_TYPE, type RestPayload } from "../execute/payload.ts";
import { inflated } from "./inflate.ts";
import { elementsOf, JsonTextError, kindAt, keyOf, membersOf, type Member } from "./json-text/scan.ts";
import type { ChildReply } from "./protocol.ts";
import { splitBinary } from "./v2-json.ts";

/**
 * The children's outputs as the inputs of one V2 request, in the children's order, each named `<child>.<output>`, all
 * other bytes of them as they were; binary tensors follow in the same order. The id is the first that a child gave back.
 */
export async function gatherJson(replies: readonly ChildReply<RestPayload>[], maxBytes: number): Promise<RestPayload> {
  const tensors: Buffer[] = [];
  const tails: Buffer[] = [];
  let id: Buffer | undefined;
  for (const { child, payload } of replies) {
    const { json, tail } = splitBinary(await inflated(payload, maxBytes));
    const read = readChild(child, json);
    id ??= read.id;
    tensors.push(...read.tensors);
    if (tail !== undefined) tails.push(tail);
  }
  const head = id === undefined ? "{" : `{"id":${id.toString("utf8")},`;
  const body = Buffer.concat([Buffer.from(`${head}"inputs":[`), ...separated(tensors), Buffer.from("]}")]);
  if (tails.length === 0) return { transport: "rest", body, contentType: JSON_TYPE, contentEncoding: "" };
  return {
    transport: "rest",
    body: Buffer.concat([body, ...tails]),
    contentType: "application/octet-stream",
    contentEncoding: "",
    jsonLength: String(body.length),
  };
}

interface Read {
  readonly id: Buffer | undefined;
  readonly tensors: readonly Buffer[];
}

function readChild(child: string, json: Buffer): Read {
  try {
    const members = membersOf(json);
    // A branch that called no node gives the request back.
    const list = memberOf(json, members, "outputs") ?? memberOf(json, members, "inputs");
    if (list === undefined || kindAt(json, list.valueStart) !== "array") throw new JsonTextError("it has no outputs");
    const id = memberOf(json, members, "id");
    const tensors = elementsOf(json, list.valueStart).map(({ start, end }) => named(child, json.subarray(start, end)));
    return { id: id && json.subarray(id.valueStart, id.valueEnd), tensors };
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    throw new CallError("bad-reply", `the answer of node ${child} can't be combined: ${error.message}`);
  }
}

/** A tensor under the name of its child and its own. */
function named(child: string, tensor: Buffer): Buffer {
  const member = memberOf(tensor, membersOf(tensor), "name");
  if (member === undefined) throw new JsonTextError("an output has no name");
  let name: unknown;
  try {
    name = JSON.parse(tensor.toString("utf8", member.valueStart, member.valueEnd));
  } catch {
    name = undefined;
  }
  if (typeof name !== "string") throw new JsonTextError("an output's name is no text");
  const whole = Buffer.from(JSON.stringify(`${child}.${name}`));
  return Buffer.concat([tensor.subarray(0, member.valueStart), whole, tensor.subarray(member.valueEnd)]);
}

/** The last member of a name: the one that JSON readers take. */
function memberOf(text: Buffer, members: readonly Member[], name: string): Member | undefined {
  return members.findLast((member) => keyOf(text, member) === name);
}

const COMMA = Buffer.from(",");

function separated(parts: readonly Buffer[]): Buffer[] {
  return parts.flatMap((part, i) => (i === 0 ? [part] : [COMMA, part]));
}
