import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { Problem } from "../../problem/problem.ts";
import { statusOf } from "../rollout/deployment-state.ts";
import type { RolloutInput } from "../rollout/rollout-step.ts";
import type { WantedObjects } from "../rollout/wanted-objects.ts";
import { addressOf, serviceStatusOf } from "./addresses.ts";
import { readyOf, withTimes, type Finding } from "./conditions.ts";
import { deploymentsReady, isStuck, troubleOf, type DeploymentReport } from "./deployments-ready.ts";
import { notInForce } from "./not-in-force.ts";
import { problemText } from "./problem-text.ts";
import type { Condition, ConditionType, SeldonDeploymentStatus, SeldonState } from "./seldon-status.ts";

/** What the cluster has as it is wanted. */
export interface There {
  /** Names of Deployments. */
  readonly deployments: ReadonlySet<string>;
  readonly services: boolean;
  readonly autoscalers: boolean;
  readonly scaledObjects: boolean;
  readonly disruptionBudgets: boolean;
  /** VirtualServices and DestinationRules, in their final shape. */
  readonly routes: boolean;
  /** Predictors that are routed already and that a mesh's filters are not told of yet. */
  readonly joining: readonly string[];
}

/** Seldon's words for a condition: none wanted, not there, there. */
interface Words {
  readonly none: string;
  readonly missing: string;
  readonly there: string;
}

const WORDS: Readonly<Record<"services" | "routes" | "hpas" | "pdbs" | "keda", Words>> = {
  services: { none: "All services created", missing: "Not all services created", there: "All services created" },
  routes: {
    none: "No VirtualServices defined",
    missing: "Not all VirtualServices created",
    there: "All VirtualServices created",
  },
  hpas: { none: "No HPAs defined", missing: "HPAs not ready", there: "All HPAs resources ready" },
  pdbs: { none: "No PDBs defined", missing: "PDBs not ready", there: "All PDBs resources ready" },
  keda: {
    none: "No KEDA resources defined",
    missing: "KEDA resources not ready",
    there: "All KEDA resources ready",
  },
};

/** Seldon's spelling. */
const NO_MAPPINGS = "No Ambassador Mappaings defined";

const STUCK = "Deployment is no longer progressing and not available.";

function finding(type: ConditionType, words: Words, wanted: boolean, there: boolean): Finding {
  if (!wanted) return { type, status: "True", reason: words.none };
  return there ? { type, status: "True", reason: words.there } : { type, status: "False", reason: words.missing };
}

/** Errors of the newest version; its warnings are told where there is nothing worse. */
function accepted(problems: readonly Problem[]): Finding {
  const errors = problems.filter((one) => one.severity === "error");
  const [first] = errors;
  if (first !== undefined) {
    return { type: "Accepted", status: "False", reason: first.code, message: problemText(errors) };
  }
  const message = problemText(problems);
  return { type: "Accepted", status: "True", reason: "Accepted", ...(message === "" ? {} : { message }) };
}

/** Routes that filters do not know yet are not there for those whose requests they decide. */
function routesReady({ settings }: RolloutInput, { routes, joining }: There): Finding {
  const found = finding("istioVirtualServicesReady", WORDS.routes, settings.istio, routes);
  return found.status === "False" || joining.length === 0
    ? found
    : { ...found, status: "False", reason: notTold(joining) };
}

function notTold(joining: readonly string[]): string {
  return `Proxies are given time to learn where ${joining.join(", ")} answers`;
}

function programmed({ programmed: counts, problems }: RolloutInput, { joining }: There): Finding {
  const hindered = notInForce(problems);
  if (hindered !== undefined) return hindered;
  if (counts === undefined || counts.subscribed === 0) {
    return { type: "Programmed", status: "Unknown", reason: "NobodySubscribes" };
  }
  const done = counts.accepted >= counts.subscribed && joining.length === 0;
  const accepting = `${counts.accepted} of ${counts.subscribed} orchestrators, gateways and proxies have accepted it`;
  const message = joining.length === 0 ? accepting : notTold(joining);
  const reason = done ? "Programmed" : "Pending";
  return { type: "Programmed", status: done ? "True" : "False", reason, message };
}

function conditionsBefore({ resource }: RolloutInput): readonly Condition[] {
  const status = resource["status"] as { readonly conditions?: readonly Condition[] } | undefined;
  return status?.conditions ?? [];
}

function conditionsOf(input: RolloutInput, findings: readonly Finding[]): readonly Condition[] {
  return withTimes([...findings, readyOf(findings)], conditionsBefore(input), input.nowMs);
}

/** Failed is for errors of the newest version or of what was rendered of it, and for Deployments that Kubernetes has given up on. */
function stateOf(
  input: RolloutInput,
  findings: readonly Finding[],
  reports: readonly DeploymentReport[],
  rendering: readonly Problem[],
): { readonly state: SeldonState; readonly description?: string } {
  const errors = input.problems.filter((one) => one.severity === "error");
  if (errors.length > 0) {
    return { state: "Failed", description: `${problemText(errors)} (the last valid version stays in force)` };
  }
  const faults = rendering.filter((one) => one.severity === "error");
  if (faults.length > 0) return { state: "Failed", description: problemText(faults) };
  const stuck = reports.find(isStuck);
  if (stuck !== undefined) {
    const trouble = troubleOf(stuck);
    return { state: "Failed", description: trouble === undefined ? STUCK : `${STUCK} ${trouble}` };
  }
  return readyOf(findings).status === "True" ? { state: "Available" } : { state: "Creating" };
}

function deploymentStatusOf(reports: readonly DeploymentReport[]): SeldonDeploymentStatus["deploymentStatus"] {
  const there = reports.filter((one) => one.live !== undefined);
  return Object.fromEntries(
    there.map(({ name, live }) => {
      const { replicas = 0, availableReplicas = 0 } = statusOf(live);
      return [name, { replicas, availableReplicas }];
    }),
  );
}

/** Pods of the first componentSpec of the first predictor: what `kubectl scale` shows. */
function replicasOfFirst(
  plan: DeploymentPlan,
  wanted: WantedObjects,
  reports: readonly DeploymentReport[],
): { readonly replicas?: number } {
  const first = wanted.deployments.find(
    ({ pods }) => pods.predictor === plan.predictors[0]?.name && pods.role === "component",
  );
  const report = reports.find((one) => one.name === first?.object.metadata.name);
  return report?.live === undefined ? {} : { replicas: statusOf(report.live).replicas ?? 0 };
}

/** The status of a deployment whose plan is being carried out. Everything in it is about the newest generation. */
export function buildStatus(
  input: RolloutInput,
  plan: DeploymentPlan,
  wanted: WantedObjects,
  there: There,
): SeldonDeploymentStatus {
  const live = new Map(input.live.deployments.map((one) => [one.metadata.name, one]));
  const reports = wanted.deployments.map(({ object: { metadata } }): DeploymentReport => {
    const { name } = metadata;
    const podTrouble = input.podTroubles?.get(name);
    return { name, live: live.get(name), asWanted: there.deployments.has(name), podTrouble };
  });
  const findings: readonly Finding[] = [
    deploymentsReady(reports),
    finding("ServicesReady", WORDS.services, true, there.services),
    routesReady(input, there),
    finding("HpasReady", WORDS.hpas, wanted.autoscalers.length > 0, there.autoscalers),
    finding("PdbsReady", WORDS.pdbs, wanted.disruptionBudgets.length > 0, there.disruptionBudgets),
    finding("KedaReady", WORDS.keda, wanted.scaledObjects.length > 0, there.scaledObjects),
    { type: "AmbassadorMappingsReady", status: "True", reason: NO_MAPPINGS },
    accepted([...input.problems, ...wanted.problems]),
    programmed(input, there),
  ];
  return {
    ...stateOf(input, findings, reports, wanted.problems),
    observedGeneration: input.resource.metadata.generation ?? 0,
    ...replicasOfFirst(plan, wanted, reports),
    deploymentStatus: deploymentStatusOf(reports) ?? {},
    serviceStatus: serviceStatusOf(plan),
    address: addressOf(plan),
    conditions: conditionsOf(input, findings),
  };
}

/** The status of a deployment that was never valid since we know it: nothing of it is changed, and all is said. */
export function statusWithoutPlan(input: RolloutInput): SeldonDeploymentStatus {
  const { resource, problems } = input;
  const findings = [accepted(problems)];
  const others = conditionsBefore(input).filter((one) => one.type !== "Accepted" && one.type !== "Ready");
  return {
    ...((resource["status"] ?? {}) as Partial<SeldonDeploymentStatus>),
    state: "Failed",
    description: problemText(problems.filter((one) => one.severity === "error")),
    observedGeneration: resource.metadata.generation ?? 0,
    conditions: conditionsOf(input, [...findings, ...others]),
  };
}
