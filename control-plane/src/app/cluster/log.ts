import { pino, type Logger } from "pino";
import type { LogLevel } from "./settings/cluster-settings.ts";

export type { Logger } from "pino";

/** Lines of JSON on standard output. Whatever is called like a secret is not written. */
export function createLog(level: LogLevel): Logger {
  return pino({
    level,
    base: { name: "graphway-control-plane" },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: ["token", "*.token", "authorization", "*.authorization", "headers.authorization"], censor: "***" },
  });
}
