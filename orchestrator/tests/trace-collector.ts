import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import protobuf from "protobufjs";

/** A span as a collector got it; ids in hexadecimal, times in nanoseconds. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: the root of its trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: "internal" | "server" | "client";
  readonly traceState: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
  /** 0 unset, 1 ok, 2 error. */
  readonly status: { readonly code: number; readonly message: string };
  readonly hasRemoteParent: boolean;
}

/** A collector on loopback that takes OTLP over HTTP in protobuf. */
export interface TraceCollector {
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  readonly requests: readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  /** What batches are answered; 200 at first. */
  status: number;
  /** Waits until `count` spans are there. */
  waitFor(count: number): Promise<readonly CollectedSpan[]>;
  stop(): Promise<void>;
}

const WAIT_MS = 30_000;
const REMOTE_PARENT = 0x200;

export async function startTraceCollector(): Promise<TraceCollector> {
  const root = await protobuf.load(join(import.meta.dirname, "otlp-trace.proto"));
  const batchType = root.lookupType("otlp.ExportTraceServiceRequest");
  const spans: CollectedSpan[] = [];
  const requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  let notify = (): void => {};
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      requests.push({ path: request.url ?? "", headers: request.headers });
      if (collector.status === 200) spans.push(...readBatch(batchType, Buffer.concat(chunks)));
      response.statusCode = collector.status;
      response.setHeader("content-type", "application/x-protobuf");
      response.end();
      notify();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const collector: TraceCollector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    status: 200,
    waitFor: async (count) => {
      const endMs = performance.now() + WAIT_MS;
      while (spans.length < count) {
        if (performance.now() > endMs) {
          throw new Error(`${spans.length} of ${count} spans came: ${spans.map((one) => one.name).join(", ")}`);
        }
        await new Promise<void>((resolve) => {
          notify = resolve;
          setTimeout(resolve, 50).unref();
        });
      }
      return spans;
    },
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return collector;
}

interface KeyValue {
  readonly key: string;
  readonly value?: Readonly<Record<string, unknown>>;
}

interface Batch {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly KeyValue[] };
    readonly scopeSpans?: readonly { readonly spans?: readonly RawSpan[] }[];
  }[];
}

interface RawSpan {
  readonly traceId: Buffer;
  readonly spanId: Buffer;
  readonly parentSpanId?: Buffer;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly KeyValue[];
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly flags?: number;
}

function readBatch(type: protobuf.Type, bytes: Buffer): CollectedSpan[] {
  const batch = type.toObject(type.decode(bytes), { longs: String }) as Batch;
  return (batch.resourceSpans ?? []).flatMap(({ resource, scopeSpans }) =>
    (scopeSpans ?? []).flatMap(({ spans }) => (spans ?? []).map((span) => readSpan(span, resource?.attributes))),
  );
}

function readSpan(span: RawSpan, resource: readonly KeyValue[] | undefined): CollectedSpan {
  const kinds = ["internal", "internal", "server", "client"] as const;
  return {
    traceId: span.traceId.toString("hex"),
    spanId: span.spanId.toString("hex"),
    parentSpanId: span.parentSpanId?.toString("hex") ?? "",
    traceState: span.traceState ?? "",
    name: span.name,
    kind: kinds[span.kind] ?? "internal",
    startNs: BigInt(span.startTimeUnixNano),
    endNs: BigInt(span.endTimeUnixNano),
    attributes: readAttributes(span.attributes),
    resource: readAttributes(resource),
    status: { code: span.status?.code ?? 0, message: span.status?.message ?? "" },
    hasRemoteParent: ((span.flags ?? 0) & REMOTE_PARENT) !== 0,
  };
}

function readAttributes(list: readonly KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(
    list.map(({ key, value = {} }) => {
      const [only] = Object.entries(value);
      return [key, only?.[0] === "intValue" ? Number(only[1]) : only?.[1]];
    }),
  );
}

/** The spans as an outline: each line a name, below and indented by its parent, in the order they began. */
export function outline(spans: readonly CollectedSpan[]): string[] {
  const lines: string[] = [];
  const below = (parentSpanId: string, indent: string): void => {
    const children = spans
      .filter((one) => one.parentSpanId === parentSpanId)
      .sort((a, b) => Number(a.startNs - b.startNs) || a.name.localeCompare(b.name));
    for (const one of children) {
      lines.push(`${indent}${one.name} (${one.kind})`);
      below(one.spanId, `${indent}  `);
    }
  };
  const ids = new Set(spans.map((one) => one.spanId));
  for (const parent of new Set(spans.map((one) => one.parentSpanId))) if (!ids.has(parent)) below(parent, "");
  return lines;
}
