/** Runs one piece of work at a time, again whenever it was asked for meanwhile. */
export interface Loop {
  /** Asks for a run; any number of requests before it begins are one. */
  request(): void;
  /** Resolves when nothing is asked for any more. */
  idle(): Promise<void>;
  /** Ignores what is asked for from now on; resolves when the run under way has ended. */
  close(): Promise<void>;
}

/** What `work` throws is a bug; it is handed to `onFault`, and the next request runs it again. */
export function createLoop(work: () => Promise<void>, onFault: (error: unknown) => void): Loop {
  let asked = false;
  let closed = false;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    await Promise.resolve(); // what else is asked for in this tick joins the run
    while (asked && !closed) {
      asked = false;
      await work().catch(onFault);
    }
    running = undefined;
  }

  return {
    request() {
      asked = true;
      if (!closed) running ??= run();
    },
    idle: async () => running,
    close: async () => {
      closed = true;
      await running;
    },
  };
}
