/** What a log line says beside its message; an Error stands under `err`. */
export type LogFields = Readonly<Record<string, unknown>>;

type Write = (fieldsOrMessage: LogFields | string, message?: string) => void;

/** One method per level. Lines below the level asked for cost nothing. */
export type Logger = Readonly<Record<LogLevel, Write>>;

/** From the lowest to the highest. */
const LEVELS = ["debug", "info", "warn", "error", "fatal"] as const;

export type LogLevel = (typeof LEVELS)[number];

/**
 * Log lines in JSON on standard output, written at once, so that none is lost at exit. Our own: a logging library
 * takes as long to load as the HTTP server.
 */
export function createLog(
  level: LogLevel,
  identity: LogFields,
  write: (line: string) => void = writeToStdout(),
): Logger {
  const from = LEVELS.indexOf(level);
  const writers = LEVELS.map((name, i): readonly [LogLevel, Write] => {
    if (i < from) return [name, () => {}];
    return [
      name,
      (given, message) => {
        const [fields, msg] = typeof given === "string" ? [{}, given] : [given, message ?? ""];
        const entry = { level: name, time: new Date().toISOString(), ...identity, ...fields, msg };
        write(`${JSON.stringify(entry, errorsAsFields)}\n`);
      },
    ];
  });
  return Object.fromEntries(writers) as Logger;
}

function errorsAsFields(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Error ? { type: value.name, message: value.message, stack: value.stack } : value;
}

/** Pipes and files are written synchronously. Nobody may read them any more: then there is nobody to tell. */
function writeToStdout(): (line: string) => void {
  process.stdout.on("error", () => {
    // Such as EPIPE.
  });
  return (line) => process.stdout.write(line);
}
