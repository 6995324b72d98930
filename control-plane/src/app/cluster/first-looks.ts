import type { Reconciler } from "./reconcile.ts";
import type { ReportError } from "./report-error.ts";

/** Looks before the event loop gets its turn. */
const LOOKS_AT_ONCE = 20;

/** Before orchestrators are answered: what they have must not seem to be gone. */
export async function lookAtAll(
  keys: readonly string[],
  reconciler: Pick<Reconciler, "look">,
  reportError: ReportError,
): Promise<void> {
  let looks = 0;
  for (const key of keys) {
    try {
      reconciler.look(key);
    } catch (error) {
      reportError(`a look at ${key}`, error, { key });
    }
    looks += 1;
    if (looks % LOOKS_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}
