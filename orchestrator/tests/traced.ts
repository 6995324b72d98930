import { callGrpc, startBed, type BedOptions, type Replies, type TestBed, type TestNode } from "./orchestrator.ts";
import { encodeRequest, type StubCall } from "./stub-node.ts";
import type { CollectedSpan, TraceCollector } from "./trace-collector.ts";

/** What the collector got of the requests made in `use`, once the orchestrator has stopped. */
export async function tracedBy(
  collector: TraceCollector,
  graph: TestNode,
  replies: Replies,
  use: (bed: TestBed) => Promise<unknown>,
  options: BedOptions = {},
): Promise<{ spans: readonly CollectedSpan[]; calls: readonly StubCall[] }> {
  const first = collector.spans.length;
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...options.env };
  const bed = await startBed(graph, replies, { ...options, env });
  try {
    await use(bed);
  } finally {
    await bed.stop();
  }
  return { spans: collector.spans.slice(first), calls: bed.calls };
}

/** A prediction by REST, or another call. */
export async function post(
  bed: TestBed,
  headers: Readonly<Record<string, string>> = {},
  path = "predictions",
  body: unknown = { data: { ndarray: [[1]] } },
): Promise<Response> {
  const response = await fetch(`${bed.url}/api/v1.0/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "seldon-puid": "p-1", ...headers },
    body: JSON.stringify(body),
  });
  await response.arrayBuffer();
  return response;
}

/** A prediction. */
export async function ask(
  bed: TestBed,
  transport: "rest" | "grpc",
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  if (transport === "rest") {
    await post(bed, headers);
    return;
  }
  const message = encodeRequest("Predict", { data: { ndarray: [[1]] } });
  await callGrpc(bed.app.grpcPort, "/seldon.protos.Seldon/Predict", message, headers);
}
