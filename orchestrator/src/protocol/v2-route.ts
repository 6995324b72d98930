import type { GrpcPayload, Payload, RestPayload } from "../execute/payload.ts";
import { inflated } from "./inflate.ts";
import { badRoute, branchOf, memberOf, parseRouterReply } from "./router-reply.ts";
import { routeOf } from "./seldon-route.ts";
import { firstNumberInJson, firstNumberOf } from "./tensors/elements.ts";
import { splitBinary } from "./v2-json.ts";

/**
 * The branch that a V2 router names: the first element of its first output, truncated. What a node answers to `route`
 * may also be a SeldonMessage or an array of numbers, as Seldon reads it.
 */
export async function readV2Route(node: string, reply: Payload, maxBytes: number): Promise<number> {
  return reply.transport === "rest" ? routeOfJson(node, await inflated(reply, maxBytes)) : routeOfMessage(node, reply);
}

function routeOfJson(node: string, reply: RestPayload): number {
  const { json, tail } = splitBinary(reply);
  const parsed = parseRouterReply(node, json);
  const outputs = memberOf(parsed, "outputs");
  if (outputs === undefined) return routeOf(node, parsed);
  const output: unknown = Array.isArray(outputs) ? outputs[0] : undefined;
  const data = memberOf(output, "data");
  const value =
    data === undefined && tail !== undefined
      ? firstNumberOf(String(memberOf(output, "datatype")), tail)
      : firstNumberInJson(data);
  return branchOf(node, value);
}

async function routeOfMessage(node: string, reply: GrpcPayload): Promise<number> {
  const { inference } = await import("#proto/gen/inference.js");
  let message;
  try {
    message = inference.ModelInferResponse.decode(reply.body);
  } catch {
    throw badRoute(node, "is not an encoded ModelInferResponse");
  }
  const [output] = message.outputs;
  const [raw] = message.rawOutputContents;
  if (raw !== undefined) return branchOf(node, firstNumberOf(output?.datatype ?? "", raw));
  const contents = output?.contents;
  const typed = [
    contents?.boolContents,
    contents?.intContents,
    contents?.int64Contents,
    contents?.uintContents,
    contents?.uint64Contents,
    contents?.fp32Contents,
    contents?.fp64Contents,
  ];
  const first = typed.find((one) => one !== undefined && one !== null && one.length > 0)?.[0];
  return branchOf(node, first === undefined ? undefined : Number(first));
}
