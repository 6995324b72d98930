import { pino, type Logger } from "pino";
import type { LogLevel } from "../config/flags.ts";

export type { Logger } from "pino";

/** Structured log lines on standard output; written at once, so that none is lost at exit. */
export function createLog(level: LogLevel, identity: Readonly<Record<string, string>>): Logger {
  return pino(
    {
      level,
      base: identity,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 1, sync: true }),
  );
}
