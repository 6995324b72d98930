import { gzipSync } from "node:zlib";
import type { GrpcPayload, RestPayload } from "../../../execute/payload.ts";
import { graphOfEnginePredictor } from "../../../graph/from-file.ts";
import type { Graph } from "../../../graph/graph.ts";
import { createLog, type Logger } from "../../log.ts";
import { makeEvent, type EventOrigin, type LogEvent } from "../log-event.ts";

const IDENTITY = { namespace: "default", deployment: "iris", predictor: "main" };

/** The graph of a PredictorSpec's `graph`, checked. */
export function graphOf(root: unknown): Graph {
  const spec = Buffer.from(JSON.stringify({ name: "main", graph: root })).toString("base64");
  const { value, problems } = graphOfEnginePredictor(spec, IDENTITY, { protocol: "seldon", mergesMeta: false });
  if (value === undefined) throw new Error(JSON.stringify(problems));
  return value;
}

/** A graph of one model that logs everything to `url`. */
export function modelGraph(url = "", mode = "all"): Graph {
  const endpoint = { service_host: "127.0.0.1", service_port: 1, httpPort: 1 };
  return graphOf({ name: "m", type: "MODEL", endpoint, logger: { mode, url } });
}

export function originOf(graph: Graph, puid = "p1", traceparent = ""): EventOrigin {
  return { graph, puid, traceparent, isShadow: false };
}

/** An event of the graph's root. */
export function eventOf(origin: EventOrigin, payload: RestPayload | GrpcPayload): LogEvent {
  return makeEvent("io.seldon.serving.inference.request", origin, origin.graph.root, payload);
}

export function json(text: string): RestPayload {
  // A block of its own, as a body of any size has it.
  const body = Buffer.from(new Uint8Array(Buffer.from(text)).buffer);
  return { transport: "rest", body, contentType: "application/json", contentEncoding: "" };
}

export function gzipped(text: string | Buffer): RestPayload {
  const body = Buffer.from(new Uint8Array(gzipSync(text)).buffer);
  return { transport: "rest", body, contentType: "application/json", contentEncoding: "gzip" };
}

/** A log that keeps its lines. */
export function keptLog(): { readonly log: Logger; readonly lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = createLog("debug", {}, (line) => lines.push(JSON.parse(line) as Record<string, unknown>));
  return { log, lines };
}

/** Polls until it holds, for half a minute at most. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`never: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
}
