import { loadCodec } from "../../codec/load-codec.ts";
import { CallError } from "../../execute/call-error.ts";
import { grpcPayload, jsonPayload, type Payload } from "../../execute/payload.ts";
import { averageMessages } from "./average-messages.ts";

/** AVERAGE_COMBINER over encoded replies: the answer has the form of the first. */
export async function averagePayloads(replies: readonly Payload[]): Promise<Payload> {
  const isRest = replies[0]?.transport !== "grpc";
  const codec = replies.every((one) => one.transport === "rest") ? undefined : await loadCodec();
  const messages = replies.map((one) =>
    one.transport === "rest" || codec === undefined ? parse(one.body) : codec.decodeMessage(one.body),
  );
  const average = averageMessages(messages);
  return isRest || codec === undefined ? jsonPayload(average) : grpcPayload(codec.encodeMessage(average));
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new CallError("bad-reply", "a reply to combine is not JSON");
  }
}
