import type { Identity } from "../../graph/draft.ts";
import { translateJaeger } from "./jaeger-variables.ts";
import { TRACE_FORMATS, type TraceFormat } from "./propagation.ts";
import type { SamplerSettings } from "./sampler.ts";
import type { SpanQueueLimits } from "./span-queue.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** How and where to trace. */
export interface TracingSettings {
  /** Where batches are posted, the path included. */
  readonly url: string;
  /** Sent along with every batch, beside those of OTEL_EXPORTER_OTLP_HEADERS. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long the collector may take for a batch, further attempts included. */
  readonly timeoutMs: number;
  /** What every span says of this process; `service.name` among them. */
  readonly resource: Readonly<Record<string, string>>;
  readonly sampler: SamplerSettings;
  readonly reads: readonly TraceFormat[];
  readonly writes: readonly TraceFormat[];
  readonly queue: SpanQueueLimits;
}

export interface CheckedSettings {
  /** Undefined: tracing is off. */
  readonly value: TracingSettings | undefined;
  readonly warnings: readonly string[];
}

/**
 * Reads OpenTelemetry's environment variables, and Jaeger's where OpenTelemetry's are not set. Tracing is on once an
 * endpoint is set (or OTEL_TRACES_EXPORTER asks for otlp by name). What can't be used is a warning and its default.
 */
export function readTracingSettings(env: Env, identity: Identity): CheckedSettings {
  const warnings: string[] = [];
  const warn = (text: string): void => {
    warnings.push(text);
  };
  const jaeger = translateJaeger(env, warn);
  const url = jaeger.isDisabled || isOff(env, warn) ? undefined : (readUrl(env, warn) ?? jaeger.url);
  if (url === undefined) {
    if (jaeger.needsEndpoint && !jaeger.isDisabled) {
      warn(
        "spans can't be sent to a Jaeger agent: set OTEL_EXPORTER_OTLP_ENDPOINT, such as http://jaeger-collector:4318",
      );
    }
    return { value: undefined, warnings };
  }
  const protocol = env["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] || env["OTEL_EXPORTER_OTLP_PROTOCOL"] || "http/protobuf";
  if (protocol !== "http/protobuf") {
    warn(
      `OTEL_EXPORTER_OTLP_PROTOCOL: ${protocol} is not spoken; spans are sent by http/protobuf (port 4318 as a rule)`,
    );
  }
  const attributes = { ...jaeger.tags, ...readResource(env, warn) };
  const resource = {
    ...attributes,
    "service.name":
      env["OTEL_SERVICE_NAME"] || attributes["service.name"] || env["JAEGER_SERVICE_NAME"] || identity.deployment,
  };
  const formats = readFormats(env, jaeger.writes, warn);
  const sampler = readSampler(env, warn) ?? jaeger.sampler ?? { ratio: 1, followsParent: true };
  const timeoutMs = readCount(env, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", readCount(env, TIMEOUT, 10_000, warn), warn);
  const queue = readQueue(env, warn);
  const value = { url, headers: jaeger.headers, timeoutMs, resource, sampler, ...formats, queue };
  return { value, warnings };
}

type Warn = (text: string) => void;

function isOff(env: Env, warn: Warn): boolean {
  if ((env["OTEL_SDK_DISABLED"] ?? "").trim().toLowerCase() === "true") return true;
  const exporters = listOf(env["OTEL_TRACES_EXPORTER"]);
  if (exporters.length === 0) return false;
  if (exporters.includes("otlp")) return false;
  if (!exporters.includes("none")) warn(`OTEL_TRACES_EXPORTER: ${exporters.join(",")} is not known; use otlp or none`);
  return true;
}

function readUrl(env: Env, warn: Warn): string | undefined {
  const own = env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]?.trim();
  if (own !== undefined && own !== "") return checkedUrl("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", own, warn);
  const base = env["OTEL_EXPORTER_OTLP_ENDPOINT"]?.trim();
  if (base !== undefined && base !== "") {
    return checkedUrl("OTEL_EXPORTER_OTLP_ENDPOINT", `${base.replace(/\/+$/, "")}/v1/traces`, warn);
  }
  return listOf(env["OTEL_TRACES_EXPORTER"]).includes("otlp") ? "http://localhost:4318/v1/traces" : undefined;
}

function checkedUrl(variable: string, text: string, warn: Warn): string | undefined {
  if (/^https?:\/\/./i.test(text) && URL.canParse(text)) return text;
  warn(`${variable}: "${text}" is not an http or https URL; nothing is traced`);
  return undefined;
}

/** Pairs `key=value` with commas between them, values percent-encoded; all or nothing, as the specification asks. */
function readResource(env: Env, warn: Warn): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const part of listOf(env["OTEL_RESOURCE_ATTRIBUTES"])) {
    const equals = part.indexOf("=");
    try {
      if (equals < 1) throw new Error("no key");
      attributes[part.slice(0, equals).trim()] = decodeURIComponent(part.slice(equals + 1).trim());
    } catch {
      warn(`OTEL_RESOURCE_ATTRIBUTES: "${part}" is not key=value; none of it is used`);
      return {};
    }
  }
  return attributes;
}

function readSampler(env: Env, warn: Warn): SamplerSettings | undefined {
  const name = env["OTEL_TRACES_SAMPLER"]?.trim().toLowerCase() ?? "";
  const [, parent, root] = /^(parentbased_)?(always_on|always_off|traceidratio)$/.exec(name) ?? [];
  if (root === undefined) {
    if (name !== "") warn(`OTEL_TRACES_SAMPLER: "${name}" is not known; parentbased_always_on is used`);
    return undefined;
  }
  const followsParent = parent !== undefined;
  if (root !== "traceidratio") return { ratio: root === "always_on" ? 1 : 0, followsParent };
  const ratio = readRatio(env["OTEL_TRACES_SAMPLER_ARG"], 1, "OTEL_TRACES_SAMPLER_ARG", warn);
  return { ratio, followsParent };
}

/** A share between 0 and 1; `fallback`, with a warning where it is something else. */
function readRatio(text: string | undefined, fallback: number, variable: string, warn: Warn): number {
  if (text === undefined || text.trim() === "") return fallback;
  const ratio = Number(text);
  if (ratio >= 0 && ratio <= 1) return ratio;
  warn(`${variable}: "${text}" is not a number between 0 and 1; ${fallback} is used`);
  return fallback;
}

const FORMAT_OF_PROPAGATOR: ReadonlyMap<string, TraceFormat | undefined> = new Map<string, TraceFormat | undefined>([
  ...TRACE_FORMATS.map((format) => [format, format] as const),
  // Baggage always passes on as it came.
  ["baggage", undefined],
]);

function readFormats(
  env: Env,
  jaegerWrites: readonly TraceFormat[],
  warn: Warn,
): Pick<TracingSettings, "reads" | "writes"> {
  const names = listOf(env["OTEL_PROPAGATORS"]);
  if (names.length === 0) {
    return { reads: TRACE_FORMATS, writes: [...new Set<TraceFormat>(["tracecontext", "jaeger", ...jaegerWrites])] };
  }
  const unknown = names.filter((name) => name !== "none" && !FORMAT_OF_PROPAGATOR.has(name));
  if (unknown.length > 0) {
    warn(`OTEL_PROPAGATORS: ${unknown.join(",")} is not known; use tracecontext, baggage, b3, b3multi, jaeger or none`);
  }
  if (names.includes("none")) return { reads: [], writes: [] };
  const formats = names.flatMap((name) => FORMAT_OF_PROPAGATOR.get(name) ?? []);
  return { reads: formats, writes: formats };
}

const TIMEOUT = "OTEL_EXPORTER_OTLP_TIMEOUT";

/** A whole number above 0; `fallback`, with a warning where it is something else. */
function readCount(env: Env, name: string, fallback: number, warn: Warn): number {
  const text = env[name]?.trim() ?? "";
  if (text === "") return fallback;
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  warn(`${name}: "${text}" is not a number above 0; ${fallback} is used`);
  return fallback;
}

function readQueue(env: Env, warn: Warn): SpanQueueLimits {
  const read = (name: string, fallback: number): number => readCount(env, name, fallback, warn);
  const maxSpans = read("OTEL_BSP_MAX_QUEUE_SIZE", 2048);
  return {
    maxSpans,
    maxBatchSpans: Math.min(maxSpans, read("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512)),
    delayMs: read("OTEL_BSP_SCHEDULE_DELAY", 5000),
    exportTimeoutMs: read("OTEL_BSP_EXPORT_TIMEOUT", 30_000),
  };
}

function listOf(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}
