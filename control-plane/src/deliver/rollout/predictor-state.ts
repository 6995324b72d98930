import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import {
  hasAvailable,
  isGoing,
  isReady,
  isRenewed,
  podLabelsOf,
  replicasOf,
  selectorOf,
  selects,
} from "./deployment-state.ts";
import { canBecome } from "./deployment-write.ts";
import { markOf } from "./marks.ts";
import type { LiveObjects } from "./rollout-step.ts";
import type { WantedDeployment, WantedObjects } from "./wanted-objects.ts";

/** How far a predictor's pods are. */
export interface PredictorState {
  readonly predictor: PredictorPlan;
  /** May be sent its first request: every one of its Deployments is ready. */
  readonly ready: boolean;
  /** May go on being sent requests: something answers behind its Service. */
  readonly alive: boolean;
  /** Only pods of the newest templates are left in the Deployments that are wanted; others may be there beside them. */
  readonly renewed: boolean;
  /** Wants no pods in at least one of its Deployments. */
  readonly asleep: boolean;
}

/** The Service that a live Deployment serves, also when Seldon's operator made it; undefined when nothing tells. */
export function servedBy(deployment: KubernetesObject, services: readonly KubernetesObject[]): string | undefined {
  const labels = podLabelsOf(deployment);
  const known = markOf(deployment, "serves") ?? labels["seldon-app"];
  if (known !== undefined) return known;
  const service = services.find((one) => selects(serviceSelectorOf(one), labels));
  return service?.metadata.labels?.["seldon-app"] ?? service?.metadata.name;
}

export function serviceSelectorOf(service: KubernetesObject): Readonly<Record<string, string>> {
  const spec = service["spec"] as { readonly selector?: Readonly<Record<string, string>> } | undefined;
  return spec?.selector ?? {};
}

/** The Deployment can have its pods, and is not on its way out. */
function isInPlace(wanted: WantedDeployment, live: KubernetesObject | undefined): live is KubernetesObject {
  return live !== undefined && !isGoing(live) && canBecome(wanted, live);
}

/** Its pods take the predictor's requests, and are to leave that to others. */
function takesRequestsNoMore(wanted: WantedDeployment, live: KubernetesObject): boolean {
  return podLabelsOf(live)["seldon-app"] !== undefined && podLabelsOf(wanted.object)["seldon-app"] === undefined;
}

export function isAsleep(wanted: WantedDeployment, live: KubernetesObject | undefined): boolean {
  return (wanted.pods.replicas ?? (live === undefined ? 1 : replicasOf(live))) === 0;
}

export function predictorStates(
  plan: DeploymentPlan,
  wanted: WantedObjects,
  live: LiveObjects,
): ReadonlyMap<string, PredictorState> {
  const byName = new Map(live.deployments.map((one) => [one.metadata.name, one]));
  const wantedNames = new Set(wanted.deployments.map((one) => one.object.metadata.name));
  const others = live.deployments.filter((one) => !wantedNames.has(one.metadata.name));
  return new Map(
    plan.predictors.map((predictor) => {
      const own = wanted.deployments.filter(
        ({ pods }) => pods.predictor === predictor.name && pods.role !== "explainer",
      );
      const pairs = own.map((one) => ({ wanted: one, live: byName.get(one.object.metadata.name) }));
      const front = { "seldon-app": predictor.serviceName };
      const served = [...others, ...pairs.flatMap((one) => one.live ?? [])]
        .filter((one) => selects(front, podLabelsOf(one)) || selects(front, selectorOf(one)))
        .some(hasAvailable);
      const before =
        others.some((one) => servedBy(one, live.services) === predictor.serviceName) ||
        pairs.some(
          (one) => one.live !== undefined && hasAvailable(one.live) && takesRequestsNoMore(one.wanted, one.live),
        );
      const asleep = pairs.some((one) => isAsleep(one.wanted, one.live));
      const state: PredictorState = {
        predictor,
        asleep,
        ready: !asleep && pairs.every((one) => isInPlace(one.wanted, one.live) && isReady(one.live)),
        alive: !asleep && served && (before || pairs.every((one) => one.live !== undefined && hasAvailable(one.live))),
        renewed: pairs.every((one) => isInPlace(one.wanted, one.live) && isRenewed(one.live)),
      };
      return [predictor.name, state];
    }),
  );
}
