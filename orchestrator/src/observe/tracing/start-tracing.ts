import type { Identity } from "../../graph/draft.ts";
import type { Logger } from "../log.ts";
import { createSampler } from "./sampler.ts";
import { readTracingSettings, type Env, type TracingSettings } from "./settings.ts";
import { SpanQueue, type SpanCounts } from "./span-queue.ts";
import { Tracer, type Schemes } from "./tracer.ts";

/** Tracing that is on. */
export interface Tracing {
  readonly tracer: Tracer;
  readonly counts: () => SpanCounts;
  /** Sends what has ended so far. True when the collector took it all in time. */
  flush(timeoutMs: number): Promise<boolean>;
}

const LOG_SPACING_MS = 60_000;

/** What tracing is told of the process that it is in. */
export interface TracedProcess {
  readonly identity: Identity;
  readonly hostname: string;
  readonly schemes: Schemes;
}

/**
 * Starts tracing as the environment asks; undefined when it is off, and OpenTelemetry is not even loaded. Never fails:
 * what can't be used is a warning.
 */
export async function startTracing(env: Env, traced: TracedProcess, log: Logger): Promise<Tracing | undefined> {
  const { value: settings, warnings } = readTracingSettings(env, traced.identity);
  for (const warning of warnings) log.warn(warning);
  if (settings === undefined) return undefined;
  try {
    return await connect(settings, traced, log);
  } catch (error) {
    log.error({ err: error }, "tracing can't be started; serving goes on without it");
    return undefined;
  }
}

async function connect(settings: TracingSettings, traced: TracedProcess, log: Logger): Promise<Tracing> {
  const { createOtlpExporter } = await import("./otlp-exporter.ts");
  const resource = { ...ownResource(traced), ...settings.resource };
  let quietUntilMs = 0;
  const onLoss = (why: string): void => {
    if (performance.now() < quietUntilMs) return;
    quietUntilMs = performance.now() + LOG_SPACING_MS;
    log.warn({ ...queue.counts }, `spans are lost: ${why}`);
  };
  const { url, headers } = settings;
  const exporter = createOtlpExporter({ url, headers, resource, onTrouble: onLoss });
  const queue: SpanQueue = new SpanQueue(settings.queue, (spans) => exporter.send(spans), onLoss);
  const tracer = new Tracer(
    {
      sampler: createSampler(settings.sampler),
      reads: settings.reads,
      writes: settings.writes,
      schemes: traced.schemes,
    },
    (span) => {
      queue.add(span);
    },
  );
  log.info({ url, service: resource["service.name"] }, "requests are traced");
  return { tracer, counts: () => queue.counts, flush: (timeoutMs) => queue.flush(timeoutMs) };
}

function ownResource({ identity, hostname }: TracedProcess): Record<string, string> {
  return {
    "service.instance.id": `${hostname}-${process.pid}`,
    "k8s.namespace.name": identity.namespace,
    "graphway.deployment": identity.deployment,
    "graphway.predictor": identity.predictor,
  };
}
