/**
 * One check for everybody who asks at the same time, and at most one per `spacingMs`: who asks sooner waits for the next
 * one. Answers are never older than the question's own check, and nobody can multiply checks by asking often.
 */
export function shareCheck(check: () => Promise<boolean>, spacingMs: number): () => Promise<boolean> {
  let running: Promise<boolean> | undefined;
  let startedMs = -Infinity;
  const begin = async (): Promise<boolean> => {
    const waitMs = startedMs + spacingMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    startedMs = performance.now();
    return check();
  };
  return () => {
    running ??= begin().finally(() => {
      running = undefined;
    });
    return running;
  };
}
