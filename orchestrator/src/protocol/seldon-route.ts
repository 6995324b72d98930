import { loadCodec } from "../codec/load-codec.ts";
import { CallError } from "../execute/call-error.ts";
import type { Payload } from "../execute/payload.ts";
import { inflated } from "./inflate.ts";

/**
 * The branch that a router's reply names: the first element of `data.ndarray`, `data.tensor.values` or
 * `data.tftensor.intVal`, or of a bare JSON array, truncated to an integer. Data of another kind means all (-1).
 */
export async function readSeldonRoute(node: string, reply: Payload, maxBytes: number): Promise<number> {
  if (reply.transport === "grpc") return routeOf(node, (await loadCodec()).decodeMessage(reply.body));
  const plain = reply.contentEncoding === "" ? reply : await inflated(reply, maxBytes);
  return routeOf(node, parse(node, plain.body));
}

/** The same for a reply that is parsed already. */
export function routeOf(node: string, message: unknown): number {
  if (Array.isArray(message)) return firstNumber(node, message);
  const data = field(message, "data");
  if (data === undefined) throw badRoute(node, "has no data");
  const ndarray = field(data, "ndarray");
  if (ndarray !== undefined) return firstNumber(node, ndarray);
  const tensor = field(data, "tensor");
  if (tensor !== undefined) return firstNumber(node, field(tensor, "values"));
  const tftensor = field(data, "tftensor");
  if (tftensor !== undefined) return firstNumber(node, field(tftensor, "intVal") ?? field(tftensor, "int_val"));
  return -1;
}

function firstNumber(node: string, values: unknown): number {
  let value: unknown = values;
  for (let depth = 0; depth < 2 && Array.isArray(value); depth += 1) value = (value as readonly unknown[])[0];
  if (typeof value !== "number" || !Number.isFinite(value)) throw badRoute(node, "names no branch");
  return Math.trunc(value);
}

function parse(node: string, body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw badRoute(node, "is not JSON");
  }
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const found = (value as Readonly<Record<string, unknown>>)[name];
  return found === null ? undefined : found;
}

function badRoute(node: string, what: string): CallError {
  return new CallError("bad-route", `the reply of router ${node} ${what}`);
}
