import type { Guard } from "./guard.ts";
import {
  Supervisor,
  type LogLine,
  type ProcessState,
  type SupervisedSpec,
  type SupervisorSettings,
} from "./supervisor.ts";
import type { PortMap } from "./port-map.ts";

/** What a unit needs from its surroundings. */
export interface UnitHost {
  readonly guard: Guard;
  readonly settings: SupervisorSettings;
  readonly onLine: (line: LogLine) => void;
  readonly onChange: () => void;
}

/** Processes that are started, ready and stopped together: the containers of a pod, or an orchestrator. */
export interface Unit {
  readonly key: string;
  /** By container name: the plan's port numbers -> the machine's. */
  readonly ports: ReadonlyMap<string, PortMap>;
  /** The machine's ports that it holds; those of `literal` because its commands name them. */
  readonly held: readonly number[];
  readonly literal: readonly number[];
  /** True for orchestrators: they call the others and are stopped before them. */
  readonly calls: boolean;
  readonly ready: () => boolean;
  readonly states: () => readonly ProcessState[];
  /** Free ports of processes that ended before they were ever ready and now wait for their next start. */
  readonly portsOfFailedStarts: () => readonly number[];
  /** Ends all of it within the grace. Safe to call twice. */
  stop(): Promise<void>;
}

export interface UnitParts {
  readonly key: string;
  readonly ports: ReadonlyMap<string, PortMap>;
  readonly literal: readonly number[];
  readonly calls: boolean;
  readonly specs: readonly SupervisedSpec[];
  /** Waited for before anything starts, such as the end of a process that holds a port. */
  readonly after?: Promise<unknown>;
}

/** Starts a unit. */
export function startUnit(parts: UnitParts, host: UnitHost): Unit {
  const { key, ports, literal, calls } = parts;
  const processes = parts.specs.map((spec) => new Supervisor(spec, host.guard, host.settings, host));
  let stopped = false;
  const start = (): void => {
    if (!stopped) for (const one of processes) one.start();
  };
  if (parts.after === undefined) start();
  else void parts.after.then(start);
  return {
    key,
    ports,
    literal,
    calls,
    held: [...ports.values()].flatMap((map) => [...map.values()]),
    ready: () => processes.every((one) => one.state.phase === "ready"),
    portsOfFailedStarts: () =>
      processes
        .map((one) => one.state)
        .filter((state) => state.phase === "waiting" && state.failure?.wasReady === false)
        .flatMap((state) => [...(ports.get(state.label.slice(state.label.lastIndexOf("/") + 1))?.values() ?? [])])
        .filter((port) => !literal.includes(port)),
    states: () => processes.map((one) => one.state),
    stop: async () => {
      stopped = true;
      await Promise.all(processes.map((one) => one.stop()));
    },
  };
}
