import { createHash } from "node:crypto";
import type {
  ContainerPlan,
  DeploymentPlan,
  GraphNode,
  PodPlan,
  PredictorPlan,
  ProbeAction,
} from "../../plan/deployment-plan.ts";
import { problem, type Checked, type Problem } from "../../problem/problem.ts";
import { ENDPOINT_FORM, mappingOf, type EndpointMapping } from "./endpoint-mapping.ts";
import { carriesPort, literalPorts, portNamed } from "./port-map.ts";

/** A container that is to run as a process, ports still those of the plan. */
export interface DesiredContainer {
  readonly plan: ContainerPlan;
  /** `<namespace>/<deployment>/<predictor>/<container>`, for logs and reports. */
  readonly label: string;
  /** Where it stands in the resource. */
  readonly path: string;
  /** Ports of the plan that its command names as plain numbers. */
  readonly literalPorts: readonly number[];
}

/** Containers that live and die together. `key` changes exactly when they must be replaced. */
export interface DesiredPod {
  readonly key: string;
  readonly containers: readonly DesiredContainer[];
  readonly graceMs: number;
}

/** What must run for one predictor. */
export interface DesiredPredictor {
  readonly deployment: DeploymentPlan;
  readonly predictor: PredictorPlan;
  readonly pods: readonly DesiredPod[];
  /** Changes exactly when the orchestrator must be replaced. Absent: it has none. */
  readonly orchestratorKey?: string;
  /** Nodes that something already running serves, by container name. */
  readonly mapped: ReadonlyMap<string, EndpointMapping>;
}

/**
 * Says what a deployment needs on this machine. Changes of weights, graph, methods or loggers change no key, and
 * neither do other port numbers, as long as no command names them.
 */
export function desiredPredictors(
  plan: DeploymentPlan,
  endpoints: readonly EndpointMapping[],
  folder: string,
): Checked<readonly DesiredPredictor[]> {
  const problems: Problem[] = [];
  const value = plan.predictors.map((predictor, index) => {
    const mapped = mappedNodes(plan, predictor, endpoints);
    const seen = new Map<string, number>();
    const pods = predictor.pods.flatMap((pod) => {
      const containers = desiredContainers(plan, predictor, pod, index, mapped, problems);
      if (containers.length === 0) return [];
      const hash = hashOf([folder, pod.terminationGracePeriodSeconds, containers.map(identityOf)]);
      const count = seen.get(hash) ?? 0;
      seen.set(hash, count + 1);
      const key = `${plan.key}/${predictor.name}/pod-${hash}${count === 0 ? "" : `-${count}`}`;
      return [{ key, containers, graceMs: pod.terminationGracePeriodSeconds * 1_000 }];
    });
    const orchestrator = predictor.orchestrator === "none" ? {} : { orchestratorKey: orchestratorKey(plan, predictor) };
    return { deployment: plan, predictor, pods, mapped, ...orchestrator };
  });
  return { value, problems };
}

/** Every node of a graph, parents first. */
export function nodesOf(root: GraphNode): readonly GraphNode[] {
  return [root, ...root.children.flatMap(nodesOf)];
}

function mappedNodes(
  plan: DeploymentPlan,
  predictor: PredictorPlan,
  endpoints: readonly EndpointMapping[],
): ReadonlyMap<string, EndpointMapping> {
  const at = { namespace: plan.namespace, deployment: plan.name, predictor: predictor.name };
  return new Map(
    nodesOf(predictor.graph).flatMap((node) => {
      const mapping = mappingOf(endpoints, { ...at, node: node.name });
      return node.runs.in === "container" && mapping !== undefined ? [[node.runs.container, mapping] as const] : [];
    }),
  );
}

function desiredContainers(
  plan: DeploymentPlan,
  predictor: PredictorPlan,
  pod: PodPlan,
  predictorIndex: number,
  mapped: ReadonlyMap<string, EndpointMapping>,
  problems: Problem[],
): readonly DesiredContainer[] {
  return pod.containers.flatMap((container, index) => {
    if (mapped.has(container.name)) return [];
    const label = `${plan.key}/${predictor.name}/${container.name}`;
    const path = `spec.predictors[${predictorIndex}].componentSpecs[${pod.index}].spec.containers[${index}]`;
    if (container.command.length === 0) {
      problems.push(withoutCommand(plan, predictor, container, path));
      return [];
    }
    for (const one of container.env) {
      if ("value" in one) continue;
      const message = `container ${container.name}: the variable ${one.name} comes from ${one.from}, which does not exist on one machine; it is not set`;
      problems.push(problem("LocalFieldIgnored", { object: plan.key, path: `${path}.env`, message }));
    }
    for (const field of container.clusterOnly ?? []) {
      const message = `container ${container.name}: ${field} needs a cluster and has no effect here`;
      problems.push(problem("LocalFieldIgnored", { object: plan.key, path: `${path}.${field}`, message }));
    }
    return [{ plan: container, label, path, literalPorts: literalPorts(container) }];
  });
}

function withoutCommand(
  plan: DeploymentPlan,
  predictor: PredictorPlan,
  container: ContainerPlan,
  path: string,
): Problem {
  const what = `container ${container.name} of predictor ${predictor.name} has no command; its image (${container.image || "none"}) cannot be run without a cluster`;
  const details = { object: plan.key, path: `${path}.command`, message: what };
  if (!container.inGraph) return problem("LocalContainerNotRun", details);
  const node = nodesOf(predictor.graph).find(
    (one) => one.runs.in === "container" && one.runs.container === container.name,
  );
  const flag = `--endpoint ${plan.name}/${predictor.name}/${node?.name ?? container.name}=<host>:<port>`;
  const hint = `add a \`command\` to the container, or start the model yourself and run graphway with ${flag} (in full: ${ENDPOINT_FORM})`;
  return problem("LocalCommandMissing", { ...details, hint });
}

/** What of a container decides whether it must be replaced; port numbers by name unless its command names them. */
function identityOf(container: DesiredContainer): unknown {
  const { plan } = container;
  const name = (port: number): string | number => plan.ports.find((one) => one.containerPort === port)?.name ?? port;
  const action = (one: ProbeAction | undefined): unknown =>
    one !== undefined && "port" in one && typeof one.port === "number" ? { ...one, port: name(one.port) } : one;
  const probes = [plan.startupProbe, plan.readinessProbe, plan.livenessProbe].map(
    (probe) => probe && { ...probe, action: action(probe.action) },
  );
  const http = portNamed(plan, "http");
  const env = plan.env.map((one) =>
    "value" in one && carriesPort(one.name) ? { name: one.name, http: one.value === String(http) } : one,
  );
  const ports = plan.ports.map((port) => port.name);
  return [
    plan.name,
    plan.command,
    plan.args,
    plan.workingDir,
    env,
    ports,
    probes,
    action(plan.preStop),
    container.literalPorts,
  ];
}

function orchestratorKey(plan: DeploymentPlan, predictor: PredictorPlan): string {
  const { env, loggerQueueEntries, loggerWriteTimeoutMs } = predictor.orchestratorSettings;
  const entries = Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1));
  const content = [plan.protocol, plan.transport, entries, loggerQueueEntries, loggerWriteTimeoutMs];
  return `${plan.key}/${predictor.name}/orchestrator-${hashOf(content)}`;
}

/** A short name for a piece of content. */
export function hashOf(content: unknown): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 12);
}
