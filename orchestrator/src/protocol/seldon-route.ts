import { loadCodec } from "../codec/load-codec.ts";
import type { Payload, RestPayload } from "../execute/payload.ts";
import { firstElement } from "./first-element.ts";
import { inflated } from "./inflate.ts";
import { badRoute, branchOf, memberOf, parseRouterReply } from "./router-reply.ts";

/**
 * The branch that a router's reply names: the first element of `data.ndarray`, `data.tensor.values` or
 * `data.tftensor.intVal`, or of a bare JSON array, truncated to an integer. Data of another kind means all (-1).
 */
export function readSeldonRoute(node: string, reply: Payload, maxBytes: number): number | Promise<number> {
  if (reply.transport === "grpc") return routeOfMessage(node, reply.body);
  return reply.contentEncoding === "" ? routeOfJson(node, reply) : routeOfInflated(node, reply, maxBytes);
}

async function routeOfInflated(node: string, reply: RestPayload, maxBytes: number): Promise<number> {
  return routeOfJson(node, await inflated(reply, maxBytes));
}

function routeOfJson(node: string, reply: RestPayload): number {
  return routeOf(node, parseRouterReply(node, reply.body));
}

/** Routers answer with one number: that is found without decoding the message. */
function routeOfMessage(node: string, message: Buffer): number | Promise<number> {
  const first = firstElement(message);
  if (first !== undefined && Number.isFinite(first)) return branchOf(node, first);
  return loadCodec().then((codec) => routeOf(node, codec.decodeMessage(message)));
}

/** The same for a reply that is parsed already. */
export function routeOf(node: string, message: unknown): number {
  if (Array.isArray(message)) return firstNumber(node, message);
  const data = memberOf(message, "data");
  if (data === undefined) throw badRoute(node, "has no data");
  const ndarray = memberOf(data, "ndarray");
  if (ndarray !== undefined) return firstNumber(node, ndarray);
  const tensor = memberOf(data, "tensor");
  if (tensor !== undefined) return firstNumber(node, memberOf(tensor, "values"));
  const tftensor = memberOf(data, "tftensor");
  if (tftensor !== undefined) return firstNumber(node, memberOf(tftensor, "intVal") ?? memberOf(tftensor, "int_val"));
  return -1;
}

function firstNumber(node: string, values: unknown): number {
  let value: unknown = values;
  for (let depth = 0; depth < 2 && Array.isArray(value); depth += 1) value = (value as readonly unknown[])[0];
  return branchOf(node, value);
}
