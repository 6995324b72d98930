import type { ControlPlane } from "./control-plane.ts";
import type { Logger } from "./log.ts";

export const EXIT_FAILED = 1;

export interface EndingOptions {
  readonly controlPlane: Pick<ControlPlane, "begun" | "stop">;
  /** What the work that is under way may take. */
  readonly stopTimeoutMs: number;
  /** What stopping may take beyond it. Default 5000. */
  readonly graceMs?: number;
  readonly log: Pick<Logger, "info" | "error" | "fatal">;
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

/** How the process of a control plane ends. */
export interface Ending {
  /** The first signal ends it in good order, another one at once. */
  onSignal(signal: NodeJS.Signals): void;
  /** Ends it where the control plane can't begin: nothing would make it ready any more, but a new start may. */
  unlessBegun(): Promise<void>;
}

export function createEnding({ controlPlane, stopTimeoutMs, graceMs = 5000, log, exit }: EndingOptions): Ending {
  let isStopping = false;

  async function stop(code: number): Promise<void> {
    const late = setTimeout(() => {
      log.error("stopping took too long");
      exit(EXIT_FAILED);
    }, stopTimeoutMs + graceMs);
    try {
      await controlPlane.stop();
      log.info("stopped");
      exit(code);
    } catch (error) {
      log.error({ err: error }, "stopping failed");
      exit(EXIT_FAILED);
    } finally {
      clearTimeout(late);
    }
  }

  return {
    onSignal(signal) {
      if (isStopping) {
        exit(EXIT_FAILED);
        return;
      }
      isStopping = true;
      log.info({ signal }, "stopping");
      void stop(0);
    },
    async unlessBegun() {
      try {
        await controlPlane.begun;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.fatal({ err: error }, `the control plane could not begin, so it ends: ${reason}`);
        if (isStopping) return;
        isStopping = true;
        await stop(EXIT_FAILED);
      }
    },
  };
}
