import { loadCodec } from "../../codec/load-codec.ts";
import { grpcPayload, jsonPayload, type Payload } from "../../execute/payload.ts";
import { readAnyType } from "./read-any-type.ts";

/** What SIMPLE_MODEL answers, as in Seldon's Java engine: three classes, and one metric of each kind. */
const ANSWER = {
  status: { status: "SUCCESS" },
  meta: {
    metrics: [
      { key: "mymetric_counter", type: "COUNTER", value: 1 },
      { key: "mymetric_gauge", type: "GAUGE", value: 100 },
      { key: "mymetric_timer", type: "TIMER", value: 22.1 },
    ],
  },
} as const;
const DATA = { names: ["class0", "class1", "class2"], tensor: { shape: [1, 3], values: [0.1, 0.9, 0.5] } } as const;

/** SIMPLE_MODEL: a fixed answer; binData and strData are handed back instead of data. */
export async function callBuiltinModel(request: Payload): Promise<Payload> {
  if (request.transport === "rest") return jsonPayload(answerTo(await readAnyType(request)));
  const codec = await loadCodec();
  return grpcPayload(codec.encodeMessage(answerTo(codec.decodeMessage(request.body))));
}

function answerTo(message: unknown): unknown {
  const fields = (typeof message === "object" && message !== null ? message : {}) as Readonly<Record<string, unknown>>;
  if (typeof fields["binData"] === "string") return { ...ANSWER, binData: fields["binData"] };
  if (typeof fields["strData"] === "string") return { ...ANSWER, strData: fields["strData"] };
  return { ...ANSWER, data: DATA };
}
