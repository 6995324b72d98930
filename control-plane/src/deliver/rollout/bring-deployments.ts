import { hash } from "node:crypto";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { availableOf, hasAvailable, hasGivenUp, isGoing, isReady, replicasOf } from "./deployment-state.ts";
import { canBecome, deploymentToWrite } from "./deployment-write.ts";
import { isSeldons, markOf, REPLICAS_MANAGER, withMarks } from "./marks.ts";
import { applicableTemplate } from "./pod-template.ts";
import { podsWait } from "./port-move.ts";
import { servedBy } from "./predictor-state.ts";
import type { Write } from "./rollout-step.ts";
import { clearMark, isDrained, named, type Turn } from "./turn.ts";
import { templateOf, type WantedDeployment } from "./wanted-objects.ts";

/** How many pods to write, and whether that is only until requests are gone. */
interface PodCount {
  readonly replicas: number | undefined;
  readonly held: boolean;
}

/** Somebody else would take its requests when this predictor goes to sleep. */
function othersAreAwake({ plan, predictors }: Turn, predictor: string): boolean {
  return plan.split.some((entry) => entry.predictor !== predictor && predictors.get(entry.predictor)?.asleep === false);
}

/** Requests come to these pods, as far as it is known. */
function isRoutedTo({ settings, routed, routedTo, live }: Turn, predictor: string, pods: KubernetesObject): boolean {
  if (!settings.istio) return routed?.has(predictor) === true;
  return routedTo.has(servedBy(pods, live.services) ?? "");
}

/** A predictor that is to have no pods keeps them until no route names it and the drain time is over. */
function podCount(turn: Turn, wanted: WantedDeployment, live: KubernetesObject | undefined): PodCount {
  const { replicas, predictor, role } = wanted.pods;
  const asked = { replicas, held: false };
  if (live === undefined || replicas !== 0 || replicasOf(live) === 0) return asked;
  if (role === "explainer" || !othersAreAwake(turn, predictor)) return asked;
  if (isRoutedTo(turn, predictor, live)) clearMark(turn, RESOURCE.deployment, live, "unroutedAt");
  else if (isDrained(turn, live)) return asked;
  return { replicas: replicasOf(live), held: true };
}

/**
 * When nobody says the number of pods any more, another manager holds it before we let go: a field that nobody owns
 * falls back to 1. None at all becomes 1, because an autoscaler leaves a Deployment alone that is to have none.
 */
function letGoOfReplicas(wanted: WantedDeployment, live: KubernetesObject | undefined): readonly Write[] {
  if (live === undefined || wanted.pods.replicas !== undefined) return [];
  if (markOf(live, "replicas") === undefined && !isSeldons(live)) return [];
  const { apiVersion, kind, metadata } = wanted.object;
  const object = {
    apiVersion,
    kind,
    metadata: { name: metadata.name, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }) },
    spec: { replicas: Math.max(1, replicasOf(live)) },
  };
  return [{ kind: "apply", type: RESOURCE.deployment, object, fieldManager: REPLICAS_MANAGER }];
}

/** One for each Service that the pods of a Deployment may serve: that of an earlier move may still be going. */
function bridgeName(name: string, service: string): string {
  return `graphway-${hash("sha256", `${name} ${service}`).slice(0, 32)}`;
}

/** The same pods under another name, for as long as the name is needed for new ones. */
function bridgeFor(turn: Turn, live: KubernetesObject, service: string): KubernetesObject {
  const { name, namespace, labels } = live.metadata;
  const { replicas, selector, strategy, progressDeadlineSeconds } = live["spec"] as Readonly<Record<string, unknown>>;
  const object = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: bridgeName(name, service),
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
    },
    spec: { replicas, selector, template: applicableTemplate(templateOf(live)), strategy, progressDeadlineSeconds },
  };
  const marked = withMarks(object, { bridge: name, serves: service });
  return turn.wanted.own(RESOURCE.deployment, marked).object;
}

/**
 * A Deployment whose selector no longer fits cannot be changed, and two cannot share a name. Its pods move under
 * another name first; when as many answer there it goes, and the next turn makes the new one. The bridge is then a
 * Deployment that nobody wants, and goes like one: when the new pods are there, after the drain time. When the bridge
 * does not come up within its progress deadline there is a gap.
 */
function makeAnew(turn: Turn, live: KubernetesObject): void {
  const service = servedBy(live, turn.live.services) ?? live.metadata.name;
  const bridge = named(turn.live.deployments, bridgeName(live.metadata.name, service));
  const asMany = bridge !== undefined && isReady(bridge) && availableOf(bridge) >= availableOf(live);
  const bridged = bridge !== undefined && !isGoing(bridge) && (asMany || hasGivenUp(bridge));
  if (!hasAvailable(live) || bridged) {
    turn.list.remove(RESOURCE.deployment, live);
  } else if (bridge === undefined) {
    turn.list.bring(RESOURCE.deployment, bridgeFor(turn, live, service), undefined);
  }
}

function bringDeployment(turn: Turn, wanted: WantedDeployment): boolean {
  const live = named(turn.live.deployments, wanted.object.metadata.name);
  if (live !== undefined && isGoing(live)) return false;
  if (live !== undefined && !canBecome(wanted, live)) {
    makeAnew(turn, live);
    return false;
  }
  if (podsWait(turn, wanted.pods.predictor)) return false;
  const { replicas, held } = podCount(turn, wanted, live);
  if (live !== undefined && !held) clearMark(turn, RESOURCE.deployment, live, "unroutedAt");
  const object = deploymentToWrite(wanted, live, replicas, turn.settings);
  return (
    turn.list.bring(RESOURCE.deployment, bridged(turn, object, live), live, letGoOfReplicas(wanted, live)) && !held
  );
}

/** A new Deployment begins with as many pods as a bridge to it has, when nobody says a number. */
function bridged(turn: Turn, object: KubernetesObject, live: KubernetesObject | undefined): KubernetesObject {
  const spec = object["spec"] as Readonly<Record<string, unknown>>;
  const bridges = turn.live.deployments.filter((one) => markOf(one, "bridge") === object.metadata.name);
  if (live !== undefined || bridges.length === 0 || spec["replicas"] !== undefined) return object;
  const replicas = Math.max(...bridges.map(replicasOf));
  return withMarks({ ...object, spec: { ...spec, replicas } }, { replicas: "set" });
}

/** Writes the Deployments; the names of those that the cluster has as they are wanted. */
export function bringDeployments(turn: Turn): ReadonlySet<string> {
  const there = turn.wanted.deployments.filter((one) => bringDeployment(turn, one));
  return new Set(there.map((one) => one.object.metadata.name));
}
