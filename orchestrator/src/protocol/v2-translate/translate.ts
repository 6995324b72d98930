import { CallError, type Fault } from "../../execute/call-error.ts";
import type { Payload } from "../../execute/payload.ts";
import type { Transport } from "../../graph/graph.ts";
import { inflated } from "../inflate.ts";
import { JsonTextError } from "../json-text/scan.ts";
import { messageOfJson } from "./json-to-message.ts";
import { jsonOfMessage } from "./message-to-json.ts";

/**
 * A V2 request or reply in the other transport's form. What its writer wrote wrongly is a CallError. `isRaw` asks for raw
 * contents in a gRPC message, where JSON data would become typed ones.
 */
export async function translate(payload: Payload, into: Transport, maxBytes: number, isRaw = false): Promise<Payload> {
  if (payload.transport === into) return payload;
  const fault: Fault = payload.isReply === true ? "bad-reply" : "bad-request";
  try {
    if (payload.transport === "grpc") return jsonOfMessage(payload);
    return messageOfJson(await inflated(payload, maxBytes), isRaw);
  } catch (error) {
    if (error instanceof CallError) throw new CallError(fault, error.message);
    const why = error instanceof JsonTextError ? error.message : "it is not an encoded message";
    throw new CallError(
      fault,
      `what was ${fault === "bad-reply" ? "answered" : "asked"} can't be said by ${into}: ${why}`,
    );
  }
}
