import { parseArgs, type ParseArgsConfig } from "node:util";
import { findNearest } from "../control-plane/src/model/nearest.ts";

/** A mistake on the command line. `main.ts` prints its message and where to read more, and ends with 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The options that a command takes, as `parseArgs` describes them. */
type Options = NonNullable<ParseArgsConfig["options"]>;

/** Reads a command's words: its options (`values`) and the rest (`positionals`). Throws UsageError. */
export function parseWords<const T extends Options>(options: T, words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(explain(error, Object.keys(options)), { cause: error });
  }
}

/** What `parseArgs` has against the words, with the option that may have been meant. */
function explain(error: unknown, known: readonly string[]): string {
  const message = error instanceof Error ? error.message : String(error);
  const unknown = /^Unknown option '(-[^']*)'/.exec(message)?.[1];
  if (unknown !== undefined) {
    const nearest = findNearest(unknown.replace(/^-+/, ""), known);
    return `there is no option ${unknown}${nearest === undefined ? "" : `; did you mean --${nearest}?`}`;
  }
  const [, missing] = /^Option '(.*)' argument missing$/.exec(message) ?? [];
  return missing === undefined ? message : `${missing.replace(" <value>", "")} needs a value`;
}
