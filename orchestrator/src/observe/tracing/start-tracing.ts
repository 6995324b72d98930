import type { Logger } from "../log.ts";
import { readTracingSettings, type Env } from "./settings.ts";
import type { TracedProcess, Tracing } from "./tracing.ts";

/**
 * Starts tracing as the environment asks; undefined when it is off, and OpenTelemetry is not even loaded. Never fails:
 * what can't be used is a warning.
 */
export async function startTracing(env: Env, traced: TracedProcess, log: Logger): Promise<Tracing | undefined> {
  const { value: settings, warnings } = readTracingSettings(env, traced.identity);
  for (const warning of warnings) log.warn(warning);
  if (settings === undefined) return undefined;
  try {
    const { openTracing } = await import("./open-tracing.ts");
    return openTracing(settings, traced, log);
  } catch (error) {
    log.error({ err: error }, "tracing can't be started; serving goes on without it");
    return undefined;
  }
}
