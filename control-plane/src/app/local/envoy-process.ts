import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Guard } from "../../deliver/processes/guard.ts";
import {
  DEFAULT_SUPERVISOR_SETTINGS,
  Supervisor,
  type LogLine,
  type ProcessState,
} from "../../deliver/processes/supervisor.ts";
import { reportFailure } from "../../deliver/processes/process-report.ts";
import type { Problem } from "../../problem/problem.ts";
import { renderBootstrap } from "./envoy-bootstrap.ts";
import { isListening } from "./envoy-listener.ts";

export interface EnvoyOptions {
  /** Path of the Envoy binary. */
  readonly binary: string;
  /** A folder of our own for the bootstrap and the admin socket. */
  readonly folder: string;
  readonly xdsSocket: string;
  /** The port that it will listen on. */
  readonly port: number;
  readonly guard: Guard;
  readonly onLine: (line: LogLine) => void;
  /** Called after `isReady` or `problems` has changed. */
  readonly onChange: () => void;
  /** Called when another program has the port. */
  readonly onPortTaken: () => void;
}

/** Our Envoy as a process that is kept running. */
export interface LocalEnvoy {
  /** True once it listens and takes requests. */
  isReady(): boolean;
  /** How it ended, while it is not back. */
  problems(): readonly Problem[];
  stop(): Promise<void>;
}

/** Id of the node that our Envoy says it is. */
const ENVOY_NODE_ID = "gateway~local";

/** More workers than this only cost memory on one machine: each has a VM of its own. */
const MAX_WORKERS = 4;
const DRAIN_GRACE_MS = 3000;
const START_PROBE = { initialDelayMs: 0, periodMs: 1000, timeoutMs: 1000, successThreshold: 1, failureThreshold: 60 };

/** Starts our Envoy and keeps it running. */
export async function startEnvoy(options: EnvoyOptions): Promise<LocalEnvoy> {
  const config = join(options.folder, "bootstrap.json");
  const adminSocket = join(options.folder, "admin.sock");
  await writeFile(
    config,
    JSON.stringify(renderBootstrap({ nodeId: ENVOY_NODE_ID, xdsSocket: options.xdsSocket, adminSocket })),
  );
  const stopped = new AbortController();
  let listens = false;

  async function confirmListening(): Promise<void> {
    const found = await isListening(adminSocket, stopped.signal).catch(() => undefined);
    if (found === false) options.onPortTaken();
    listens = found === true;
    options.onChange();
  }

  function onState({ phase }: ProcessState): void {
    listens = false;
    if (phase === "ready") void confirmListening();
    else options.onChange();
  }

  const workers = String(Math.min(MAX_WORKERS, availableParallelism()));
  const supervisor = new Supervisor(
    {
      label: "envoy",
      launch: {
        // A base id of its own: another Envoy on this machine, or one that is slow to end, does not get in the way.
        command: [
          options.binary,
          "-c",
          config,
          "--use-dynamic-base-id",
          "--concurrency",
          workers,
          "--log-level",
          "warning",
        ],
        cwd: options.folder,
        env: {},
      },
      probes: {
        // Somebody listens on its port: it, most likely. A running Envoy is not doubted, for it may just be busy.
        startup: { action: { kind: "tcpSocket", port: options.port }, ...START_PROBE },
      },
      graceMs: DRAIN_GRACE_MS,
    },
    options.guard,
    DEFAULT_SUPERVISOR_SETTINGS,
    { onLine: options.onLine, onChange: onState },
  );
  supervisor.start();
  return {
    isReady: () => listens,
    problems: () => {
      const found = reportFailure(supervisor.state, { object: "", path: "" });
      return found === undefined ? [] : [{ ...found, hint: "it is started again by itself" }];
    },
    stop: () => {
      stopped.abort();
      return supervisor.stop();
    },
  };
}
