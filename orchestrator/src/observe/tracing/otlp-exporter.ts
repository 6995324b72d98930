import { SpanKind as OtelKind, SpanStatusCode, diag, DiagLogLevel } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { Span, SpanKind } from "./span.ts";

// The one module that knows OpenTelemetry's API. Loaded only where tracing is on.

type HrTime = ReadableSpan["startTime"];

export interface OtlpExporter {
  /** Posts spans; rejects when the collector did not take them. */
  send(spans: readonly Span[]): Promise<void>;
}

export interface OtlpOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly resource: Readonly<Record<string, string>>;
  /** Hears what the exporter itself complains of, such as spans that a collector refused in part. */
  readonly onTrouble: (text: string) => void;
}

/** ExportResultCode.SUCCESS, which only a package below the exporter exports. */
const EXPORTED = 0;

const KINDS: Readonly<Record<SpanKind, OtelKind>> = {
  internal: OtelKind.INTERNAL,
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
};

/**
 * Spans by OTLP over HTTP in protobuf. Headers, compression and certificates are OpenTelemetry's own
 * environment variables (OTEL_EXPORTER_OTLP_HEADERS, …_COMPRESSION, …_CERTIFICATE), read by its exporter.
 */
export function createOtlpExporter(options: OtlpOptions): OtlpExporter {
  const ignore = (): void => {};
  const { onTrouble } = options;
  diag.setLogger(
    { verbose: ignore, debug: ignore, info: ignore, warn: onTrouble, error: onTrouble },
    {
      logLevel: DiagLogLevel.WARN,
      suppressOverrideMessage: true,
    },
  );
  const exporter = new OTLPTraceExporter({
    url: options.url,
    headers: { ...options.headers },
    timeoutMillis: options.timeoutMs,
  });
  const resource = defaultResource().merge(resourceFromAttributes({ ...options.resource }));
  const scope = { name: "graphway-orchestrator" };
  return {
    send: (spans) =>
      new Promise((resolve, reject) => {
        const epochMs = Date.now() - performance.now();
        exporter.export(
          spans.map((span) => readable(span, epochMs, resource, scope)),
          (result) => {
            const code: number = result.code;
            if (code === EXPORTED) resolve();
            else reject(result.error ?? new Error("the export failed"));
          },
        );
      }),
  };
}

/** Spans are timed by the steady clock; the wall clock is asked once per batch, so that none of them is torn. */
function readable(
  span: Span,
  epochMs: number,
  resource: ReadableSpan["resource"],
  instrumentationScope: ReadableSpan["instrumentationScope"],
): ReadableSpan {
  const { traceId, parentSpanId, traceState, error } = span;
  const context = {
    traceId,
    spanId: span.spanId,
    traceFlags: 1,
    ...(traceState === "" ? {} : { traceState: sentAsItCame(traceState) }),
  };
  const parent = { traceId, spanId: parentSpanId, traceFlags: 1, isRemote: span.hasRemoteParent };
  return {
    name: span.name,
    kind: KINDS[span.kind],
    spanContext: () => context,
    ...(parentSpanId === "" ? {} : { parentSpanContext: parent }),
    startTime: hrTime(epochMs + span.startMs),
    endTime: hrTime(epochMs + span.endMs),
    duration: hrTime(span.endMs - span.startMs),
    status: error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
    attributes: span.attributes,
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}

/** W3C tracestate is handed on, never read or changed. */
function sentAsItCame(text: string): NonNullable<ReturnType<ReadableSpan["spanContext"]>["traceState"]> {
  const state = { get: () => undefined, set: () => state, unset: () => state, serialize: () => text };
  return state;
}
