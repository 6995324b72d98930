import { parseArgs, type ParseArgsConfig } from "node:util";

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
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
