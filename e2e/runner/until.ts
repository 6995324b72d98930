/** Looks until `look` finds something. Throws what was seen last when `timeoutMs` have passed. */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined>,
  { timeoutMs = 120_000, everyMs = 150, describe = () => "" }: UntilOptions = {},
): Promise<Found> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    let lastError = "";
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      lastError = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() > deadlineMs) {
      const seen = [describe(), lastError].filter((one) => one !== "").join("; ");
      throw new Error(`${what}: not within ${timeoutMs / 1000} s${seen === "" ? "" : `; last seen: ${seen}`}`);
    }
    await pause(everyMs);
  }
}

export interface UntilOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
  /** What was seen last, for the message. */
  readonly describe?: () => string;
}

/** Like `until`, for a condition. */
export async function untilTrue(what: string, isSo: () => Promise<boolean>, options?: UntilOptions): Promise<void> {
  await until(what, async () => ((await isSo()) ? true : undefined), options);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
