import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { buildStatus, statusWithoutPlan } from "../status/build-status.ts";
import { bringDeployments } from "./bring-deployments.ts";
import { bringDestinationRules, bringVirtualServices, routesForNow } from "./bring-routes.ts";
import { bringServices } from "./bring-services.ts";
import { eventsOf } from "./events.ts";
import { joiningPredictors } from "./joining.ts";
import { noteRoutedPorts, strandedPredictors } from "./port-move.ts";
import { servedBy } from "./predictor-state.ts";
import { removeUnwanted } from "./remove-unwanted.ts";
import type { RolloutInput, RolloutStep } from "./rollout-step.ts";
import { named, startTurn, type Turn } from "./turn.ts";
import type { Wanted } from "./wanted-objects.ts";

/** Predictors that have all the pods that the plan wants, and no others. */
function settledPredictors(turn: Turn, deploymentsThere: ReadonlySet<string>): ReadonlySet<string> {
  const settled = [...turn.predictors.values()].filter(({ predictor, renewed }) => {
    const own = turn.wanted.deployments.filter(
      ({ pods }) => pods.predictor === predictor.name && pods.role !== "explainer",
    );
    return renewed && own.every((one) => deploymentsThere.has(one.object.metadata.name));
  });
  return new Set(settled.map((one) => one.predictor.name));
}

/** Those of them that no older Deployment serves beside the wanted ones. */
function aloneAmong(turn: Turn, settled: ReadonlySet<string>): ReadonlySet<string> {
  const names = new Set(turn.wanted.deployments.map((one) => one.object.metadata.name));
  const others = turn.live.deployments.filter((one) => !names.has(one.metadata.name));
  const services = new Set(others.map((one) => servedBy(one, turn.live.services)));
  const alone = turn.plan.predictors.filter((one) => settled.has(one.name) && !services.has(one.serviceName));
  return new Set(alone.map((one) => one.name));
}

function bringAll(turn: Turn, wanted: readonly Wanted[], live: readonly KubernetesObject[]): boolean {
  return wanted
    .map((one) => turn.list.bring(one.type, one.object, named(live, one.object.metadata.name)))
    .every(Boolean);
}

/**
 * Decides for the plan of the turn. `passing` has predictors that only pass through it, on the way to what is wanted: their graphs
 * are not those of the resource, and the deployment is not there yet.
 */
function decideFor(input: RolloutInput, turn: Turn, passing: readonly string[]): RolloutStep {
  const { plan, wanted, live, list, settings } = turn;
  const deployments = bringDeployments(turn);
  const settled = settledPredictors(turn, deployments);
  const alone = aloneAmong(turn, settled);
  const services = bringServices(turn, alone);
  const rules = settings.istio ? bringDestinationRules(turn, alone) : true;
  const autoscalers = bringAll(turn, wanted.autoscalers, live.autoscalers);
  const scaledObjects = bringAll(turn, wanted.scaledObjects, live.scaledObjects);
  const disruptionBudgets = bringAll(turn, wanted.disruptionBudgets, live.disruptionBudgets);
  const routesNow = routesForNow(turn, { settled, alone });
  const joining = joiningPredictors(turn, routesNow);
  const meshRoutes = joining.size === 0 ? routesNow : routesForNow(turn, { settled, alone }, joining);
  const routes = settings.istio ? bringVirtualServices(turn, routesNow) : true;
  noteRoutedPorts(turn, alone);
  removeUnwanted(turn, settled);
  const there = {
    deployments,
    services,
    autoscalers,
    scaledObjects,
    disruptionBudgets,
    routes: routes && rules && passing.length === 0,
    joining: [...joining],
  };
  const status = buildStatus(input, plan, wanted, there);
  const writes = list.writes;
  return {
    writes,
    status,
    events: eventsOf(input, writes, status),
    memo: list.memo,
    settledPredictors: [...settled].filter((name) => !passing.includes(name)),
    inexpressible: wanted.problems.filter(
      ({ code }) => code === "IstioInexpressible" || code === "TargetInexpressible",
    ),
    ...(routesNow === undefined ? {} : { routes: routesNow.plan }),
    ...(meshRoutes === undefined ? {} : { meshRoutes: meshRoutes.plan }),
    ...(list.againAfterMs === undefined ? {} : { againAfterMs: list.againAfterMs }),
  };
}

/** From an orchestrator in a pod of its own to none, or back, the way leads over one beside the model, whose pods have all ports. */
function startPassing(input: RolloutInput, stranded: readonly string[]): Turn | undefined {
  const plan = input.planBeside?.(stranded);
  const turn = plan && startTurn(input, plan);
  const helps = turn !== undefined && strandedPredictors(turn).every((name) => !stranded.includes(name));
  return helps ? turn : undefined;
}

function decideToward(input: RolloutInput, plan: DeploymentPlan): RolloutStep {
  const turn = startTurn(input, plan);
  const stranded = strandedPredictors(turn);
  const passing = stranded.length === 0 ? undefined : startPassing(input, stranded);
  return passing === undefined ? decideFor(input, turn, []) : decideFor(input, passing, stranded);
}

/**
 * What to do next for a SeldonDeployment, judged anew from everything there is; deciding again with the same input
 * gives the same step, and when the cluster is as wanted there is nothing to write. Routes lead only to predictors
 * whose pods answer; what is no longer wanted goes after the routes to it, and after the drain time. Without a plan
 * (the newest version is invalid and no good one is known) nothing is changed.
 */
export function decideRollout(input: RolloutInput): RolloutStep {
  if (input.plan !== undefined) return decideToward(input, input.plan);
  const status = statusWithoutPlan(input);
  const events = eventsOf(input, [], status);
  return { writes: [], status, events, memo: new Map(), settledPredictors: [], inexpressible: [] };
}
