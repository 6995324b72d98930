import { afterEach } from "node:test";

type Step = () => Promise<void> | void;

/** What the tests of a file start ends after each of them, last first. */
export interface Undo {
  push(step: Step): void;
  /** Stops it after the test. */
  stopping<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T>;
}

/** For the whole file: call it at its top. */
export function undoAfterEach(): Undo {
  const steps: Step[] = [];
  afterEach(async () => {
    for (const step of steps.splice(0).reverse()) await step();
  });
  return {
    push: (step) => void steps.push(step),
    async stopping(starting) {
      const started = await starting;
      steps.push(() => started.stop());
      return started;
    },
  };
}
