import { resolve } from "node:path";
import type { Probe, ProbeAction } from "../../plan/deployment-plan.ts";
import { problem, type Problem } from "../../problem/problem.ts";
import { findProgram, isFolder } from "./command.ts";
import type { DesiredContainer, DesiredPod } from "./desired.ts";
import { containerEnvironment, inheritedEnvironment } from "./environment.ts";
import { expandVariables } from "./expand.ts";
import type { Launch } from "./guard.ts";
import type { LocalProbe, LocalProbes } from "./health.ts";
import { localPort, withLocalPorts, type PortMap } from "./port-map.ts";
import type { LocalAction } from "./probe.ts";
import type { SupervisedSpec } from "./supervisor.ts";

/** Where a container's process starts: its `workingDir` below the manifest's folder, or that folder. */
function workingFolder(container: DesiredContainer, folder: string): string {
  return resolve(folder, container.plan.workingDir ?? ".");
}

/** What cannot be run on this machine: a working folder or a program that is not there. */
export function checkPrograms(object: string, pods: readonly DesiredPod[], folder: string): readonly Problem[] {
  return pods.flatMap((pod) =>
    pod.containers.flatMap((container) => {
      const name = container.plan.name;
      const cwd = workingFolder(container, folder);
      if (!isFolder(cwd)) {
        const message = `container ${name}: the working folder ${cwd} does not exist`;
        return [problem("LocalCommandNotFound", { object, path: `${container.path}.workingDir`, message })];
      }
      const { program, env } = commandLine(container, new Map(), cwd);
      if (program !== undefined) return [];
      const where = (container.plan.command[0] ?? "").includes("/") ? `in ${cwd}` : `in PATH (${env["PATH"] ?? ""})`;
      const message = `container ${name}: there is no program ${container.plan.command[0] ?? ""} ${where}`;
      return [problem("LocalCommandNotFound", { object, path: `${container.path}.command`, message })];
    }),
  );
}

/** How to run a container as a process of this machine. `ports`: the plan's numbers -> the machine's. */
export function containerSpec(
  container: DesiredContainer,
  ports: PortMap,
  folder: string,
  graceMs: number,
): SupervisedSpec {
  const { plan, label } = container;
  const cwd = workingFolder(container, folder);
  const { program, args, env } = commandLine(container, ports, cwd);
  // A program that vanished since the check fails at its start and is reported as such.
  const launch: Launch = { command: [program ?? plan.command[0] ?? "", ...args], cwd, env };
  const action = (one: ProbeAction): LocalAction => localAction(one, container, ports, launch);
  const probe = (one: Probe): LocalProbe => localProbe(one, action(one.action));
  const probes: LocalProbes = {
    ...(plan.startupProbe ? { startup: probe(plan.startupProbe) } : {}),
    ...(plan.readinessProbe ? { readiness: probe(plan.readinessProbe) } : {}),
    ...(plan.livenessProbe ? { liveness: probe(plan.livenessProbe) } : {}),
  };
  const preStop = plan.preStop === undefined || isPureSleep(plan.preStop) ? {} : { preStop: action(plan.preStop) };
  return { label, launch, probes, graceMs, ...preStop };
}

function commandLine(
  container: DesiredContainer,
  ports: PortMap,
  cwd: string,
): {
  readonly program: string | undefined;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
} {
  const { plan } = container;
  const own = containerEnvironment(withLocalPorts(plan, ports));
  const env = { ...inheritedEnvironment(process.env), ...own };
  // References see the container's own variables only, as in a pod.
  const words = [...plan.command, ...plan.args].map((word) => expandVariables(word, (name) => own[name]));
  return { program: findProgram(words[0] ?? "", env.PATH ?? "", cwd), args: words.slice(1), env };
}

function localAction(action: ProbeAction, container: DesiredContainer, ports: PortMap, launch: Launch): LocalAction {
  switch (action.kind) {
    case "httpGet":
    case "tcpSocket":
      return { ...action, port: localPort(container.plan, ports, action.port) };
    case "grpc":
      return { ...action, port: localPort(container.plan, ports, action.port) };
    case "exec": {
      const [name = "", ...args] = action.command;
      const program = findProgram(name, launch.env["PATH"] ?? "", launch.cwd) ?? name;
      return { kind: "exec", launch: { ...launch, command: [program, ...args] } };
    }
  }
}

function localProbe(probe: Probe, action: LocalAction): LocalProbe {
  return {
    action,
    initialDelayMs: probe.initialDelaySeconds * 1_000,
    periodMs: probe.periodSeconds * 1_000,
    timeoutMs: Math.max(1, probe.timeoutSeconds) * 1_000,
    successThreshold: probe.successThreshold,
    failureThreshold: probe.failureThreshold,
  };
}

/**
 * True for a preStop that only waits, such as the `sleep 10` that Seldon puts into every container: it gives a cluster
 * time to take the pod out of its endpoints. Here a process is stopped after that has happened.
 */
function isPureSleep(action: ProbeAction): boolean {
  if (action.kind !== "exec") return false;
  const words = action.command.flatMap((word) => word.trim().split(/\s+/));
  const shell =
    /^(?:\/(?:usr\/)?bin\/)?(?:ba|da)?sh$/.test(words[0] ?? "") && words[1] === "-c" ? words.slice(2) : words;
  return (
    shell.length === 2 && /^(?:\/(?:usr\/)?bin\/)?sleep$/.test(shell[0] ?? "") && /^[\d.]+[smh]?$/.test(shell[1] ?? "")
  );
}
