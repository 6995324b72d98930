/** Resolves when the condition holds; fails after the time (which a busy machine never needs) with what it last saw. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  { within = 30_000, saw = () => "" }: { readonly within?: number; readonly saw?: () => unknown } = {},
): Promise<void> {
  const deadlineMs = performance.now() + within;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${within} ms; saw ${JSON.stringify(saw())}`);
    await new Promise((resume) => setTimeout(resume, 2));
  }
}
