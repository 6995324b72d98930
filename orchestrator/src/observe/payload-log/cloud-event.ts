import { randomUUID } from "node:crypto";
import type { LogEvent } from "./log-event.ts";
import type { EventBody } from "./event-body.ts";

/** Headers of an event in CloudEvents 1.0 HTTP binary mode, as Seldon 1.17.1 names them: name, value, name, value, … */
export function eventHeaders(event: LogEvent, body: EventBody, source: string): string[] {
  const { graph, puid, traceparent, isShadow } = event.origin;
  const headers = [
    ...["Ce-Id", randomUUID()],
    ...["Ce-Specversion", "1.0"],
    ...["Ce-Type", event.type],
    ...["Ce-Source", headerText(source)],
    ...["Ce-Time", new Date(event.timeMs).toISOString()],
    ...["Ce-Modelid", headerText(event.node.name)],
    ...["Ce-Requestid", headerText(puid)],
    ...["Ce-Inferenceservicename", headerText(graph.deployment)],
    ...["Ce-Namespace", headerText(graph.namespace)],
    ...["Ce-Endpoint", headerText(graph.predictor)],
    ...["Ce-Protocol", graph.protocol],
  ];
  if (event.contentType !== "") headers.push("Content-Type", event.contentType);
  if (body.contentEncoding !== "") headers.push("Content-Encoding", body.contentEncoding);
  if (event.jsonLength !== "") headers.push("Inference-Header-Content-Length", event.jsonLength);
  if (traceparent !== "") headers.push("Traceparent", traceparent);
  if (isShadow) headers.push("Ce-Shadow", "true");
  return headers;
}

/** An attribute's value in a header: what is not printable ASCII is percent-encoded (CloudEvents HTTP binding §3.1.3.2). */
function headerText(value: string): string {
  return PLAIN.test(value) ? value : value.replace(/[^\x21\x23\x24\x26-\x7e]+/g, percentEncoded);
}

const PLAIN = /^[\x21\x23\x24\x26-\x7e]*$/;

function percentEncoded(text: string): string {
  let encoded = "";
  for (const byte of Buffer.from(text, "utf8")) encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return encoded;
}
