import type { Logger } from "../log.ts";
import { createOtlpExporter } from "./otlp-exporter.ts";
import { createSampler } from "./sampler.ts";
import type { TracingSettings } from "./settings.ts";
import { SpanQueue } from "./span-queue.ts";
import type { TracedProcess, Tracing } from "./tracing.ts";
import { Tracer } from "./tracer.ts";

// Loaded only where tracing is on.

const LOG_SPACING_MS = 60_000;

/** Tracing as the settings say; a loss of spans is logged once a minute at most. */
export function openTracing(settings: TracingSettings, traced: TracedProcess, log: Logger): Tracing {
  const resource = { ...ownResource(traced), ...settings.resource };
  let quietUntilMs = 0;
  const onLoss = (why: string): void => {
    if (performance.now() < quietUntilMs) return;
    quietUntilMs = performance.now() + LOG_SPACING_MS;
    log.warn({ ...queue.counts }, `spans are lost: ${why}`);
  };
  const { url, headers, timeoutMs } = settings;
  const exporter = createOtlpExporter({ url, headers, timeoutMs, resource, onTrouble: onLoss });
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
