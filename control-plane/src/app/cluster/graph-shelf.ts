import { createHash } from "node:crypto";
import { enginePredictorOf, type PodTemplate } from "../../deliver/rollout/pod-template.ts";
import type { LiveObjects, RolloutStep } from "../../deliver/rollout/rollout-step.ts";
import type { ResourceStore } from "../../deliver/xds-server/resource-store.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { ORCHESTRATOR_CONTAINER } from "../../plan/workload-plan.ts";
import { enginePredictor } from "../../render/orchestrator/engine-predictor.ts";
import { renderInferenceGraph } from "../../render/orchestrator/inference-graph.ts";
import { encodeResource } from "../../render/xds/encode.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { newCalls } from "./known-containers.ts";

/** What a turn found out about a deployment. */
export interface TurnOutcome {
  readonly key: string;
  readonly plan: DeploymentPlan | undefined;
  readonly live: LiveObjects;
  readonly step: Pick<RolloutStep, "writes" | "settledPredictors">;
}

/**
 * The graphs that orchestrators may have. There is one for each ENGINE_PREDICTOR that pods of a predictor are started with: pods of an older
 * template have other containers beside them. A graph goes to pods at once when it calls nobody whom they were not started
 * with; when the pods of its predictor are all there as it wants them if those whom it calls are elsewhere; and never when it
 * calls a container that they do not have beside them: until they go they keep the graph that they have.
 */
export interface GraphShelf {
  update(outcome: TurnOutcome): void;
  /** The deployment is gone. */
  remove(key: string): void;
  /** Names of the Deployments with an orchestrator of the predictor. */
  deploymentsOf(key: string, predictor: string): readonly string[];
}

/** One Deployment with an orchestrator. */
interface Host {
  readonly name: string;
  readonly predictor: string;
  readonly enginePredictor: string;
}

/** Name in the store of a graph for pods that were started with the ENGINE_PREDICTOR of this hash. */
export function storedGraphName(graph: string, startedWith: string): string {
  return `${graph}#${startedWith}`;
}

/** As orchestrators say it of themselves in their node metadata. */
export function hashOfEnginePredictor(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

export function createGraphShelf(store: ResourceStore): GraphShelf {
  const hosts = new Map<string, readonly Host[]>();
  const served = new Map<string, ReadonlySet<string>>();

  function keepOnly(key: string, names: ReadonlySet<string>): void {
    const gone = [...(served.get(key) ?? [])].filter((name) => !names.has(name));
    store.apply({ set: [], remove: gone.map((name) => ({ typeUrl: TYPE.inferenceGraph, name })) });
    const left = [...names].filter((name) => store.get(TYPE.inferenceGraph, name) !== undefined);
    if (left.length === 0) served.delete(key);
    else served.set(key, new Set(left));
  }

  return {
    update({ key, plan, live, step }) {
      const found = hostsOf(live, step.writes);
      hosts.set(key, found);
      const names = new Set<string>();
      for (const { predictor: name, enginePredictor: text } of found) {
        const stored = storedGraphName(`${key}/${name}`, hashOfEnginePredictor(text));
        names.add(stored);
        const predictor = plan?.predictors.find((one) => one.name === name);
        if (plan === undefined || predictor === undefined) continue;
        const calls = newCalls(enginePredictor(plan, predictor), text);
        const isSettled = step.settledPredictors.includes(name);
        if (calls === "none" || (calls === "elsewhere" && isSettled))
          store.apply({ set: [encodeGraph(plan, predictor, stored)], remove: [] });
      }
      keepOnly(key, names);
    },
    remove(key) {
      hosts.delete(key);
      keepOnly(key, new Set());
    },
    deploymentsOf: (key, predictor) =>
      (hosts.get(key) ?? []).filter((one) => one.predictor === predictor).map((one) => one.name),
  };
}

/** Encoded once per plan and name: every turn asks, few change anything. */
const encoded = new WeakMap<PredictorPlan, ReturnType<typeof encodeResource>>();

function encodeGraph(
  plan: DeploymentPlan,
  predictor: PredictorPlan,
  stored: string,
): ReturnType<typeof encodeResource> {
  const known = encoded.get(predictor) ?? encodeResource(renderInferenceGraph(plan, predictor));
  encoded.set(predictor, known);
  return { ...known, name: stored };
}

/** The Deployments that run orchestrators, and those that are about to. */
function hostsOf(live: LiveObjects, writes: RolloutStep["writes"]): readonly Host[] {
  const written = writes.flatMap((write) => (write.kind === "apply" ? [write.object] : []));
  return [...live.deployments, ...written].flatMap((object) => hostOf(object) ?? []);
}

function hostOf(object: KubernetesObject): Host | undefined {
  if (object.kind !== "Deployment") return undefined;
  const template = (object["spec"] as { readonly template?: PodTemplate } | undefined)?.template;
  const text = template === undefined ? undefined : enginePredictorOf(template);
  const predictor = template === undefined ? undefined : predictorOf(template);
  if (text === undefined || predictor === undefined) return undefined;
  return { name: object.metadata.name, predictor, enginePredictor: text };
}

/** From the orchestrator's arguments, which Seldon's operator writes too. */
function predictorOf(template: PodTemplate): string | undefined {
  const spec = template["spec"] as { readonly containers?: readonly ContainerText[] } | undefined;
  const args = spec?.containers?.find((one) => one.name === ORCHESTRATOR_CONTAINER)?.args ?? [];
  const at = args.indexOf("--predictor");
  return at < 0 ? undefined : args[at + 1];
}

interface ContainerText {
  readonly name: string;
  readonly args?: readonly string[];
}
