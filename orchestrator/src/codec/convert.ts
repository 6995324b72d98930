import { asCallError, CallError } from "../execute/call-error.ts";
import { grpcPayload, jsonPayload, type Payload } from "../execute/payload.ts";
import type { Transport } from "../graph/graph.ts";
import { loadCodec } from "./load-codec.ts";

/** Which message a payload holds; only that decides how it is translated. */
export type Carried = "message" | "feedback";

/** The payload in the given transport's form: as it is where that is its form already, translated otherwise. */
export async function convertPayload(payload: Payload, into: Transport, carried: Carried): Promise<Payload> {
  if (payload.transport === into) return payload;
  const codec = await loadCodec();
  if (payload.transport === "grpc") {
    return jsonPayload(carried === "message" ? codec.decodeMessage(payload.body) : codec.decodeFeedback(payload.body));
  }
  if (payload.contentEncoding !== "" && payload.contentEncoding !== "identity") {
    throw new CallError("bad-request", `a ${payload.contentEncoding} body can't be handed on by gRPC; send it plain`);
  }
  const json = parse(payload.body);
  return grpcPayload(carried === "message" ? codec.encodeMessage(json) : codec.encodeFeedback(json));
}

/** The same for a reply: what a node wrote wrongly is not the client's fault. */
export async function convertReply(reply: Payload, into: Transport): Promise<Payload> {
  try {
    return await convertPayload(reply, into, "message");
  } catch (error) {
    throw new CallError("bad-reply", asCallError(error).message);
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new CallError("bad-request", "the body is not JSON");
  }
}
