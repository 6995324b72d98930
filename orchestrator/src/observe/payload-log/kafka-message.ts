import { joined } from "./event-body.ts";
import type { ReadyEvent } from "./sink.ts";

/** One message for Kafka, in bytes. It has no key: messages go round the partitions. */
export interface KafkaMessage {
  readonly topic: string;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
  /** In ms since 1970. */
  readonly timestamp: bigint;
}

/** An event as Seldon 1.17.1 writes it to Kafka: the payload is the value, what is said of it stands in the headers. */
export function kafkaMessage({ event, body }: ReadyEvent, topic: string): KafkaMessage {
  const { graph, puid, traceparent, isShadow } = event.origin;
  const headers = new Map<Buffer, Buffer>();
  const put = (name: Buffer, value: string): void => {
    headers.set(name, Buffer.from(value));
  };
  put(TYPE, event.type);
  put(CONTENT_TYPE, event.contentType);
  put(MODEL_ID, event.node.name);
  put(REQUEST_ID, puid);
  put(DEPLOYMENT, graph.deployment);
  put(NAMESPACE, graph.namespace);
  put(ENDPOINT, graph.predictor);
  put(PROTOCOL, graph.protocol);
  if (body.contentEncoding !== "") put(CONTENT_ENCODING, body.contentEncoding);
  if (event.jsonLength !== "") put(JSON_LENGTH, event.jsonLength);
  if (traceparent !== "") put(TRACEPARENT, traceparent);
  if (isShadow) put(SHADOW, "true");
  return { topic, value: joined(body.chunks), headers, timestamp: BigInt(event.timeMs) };
}

const TYPE = Buffer.from("type");
const CONTENT_TYPE = Buffer.from("content-type");
const MODEL_ID = Buffer.from("modelid");
const REQUEST_ID = Buffer.from("requestid");
const DEPLOYMENT = Buffer.from("inferenceservicename");
const NAMESPACE = Buffer.from("namespace");
const ENDPOINT = Buffer.from("endpoint");
const PROTOCOL = Buffer.from("protocol");
const CONTENT_ENCODING = Buffer.from("content-encoding");
const JSON_LENGTH = Buffer.from("inference-header-content-length");
const TRACEPARENT = Buffer.from("traceparent");
const SHADOW = Buffer.from("shadow");
