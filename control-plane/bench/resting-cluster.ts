import { RESOURCE } from "../src/kubernetes-api/resource-types.ts";
import type { KubernetesObject } from "../src/kubernetes-api/object.ts";
import { createPlanner } from "../src/app/cluster/planner.ts";
import { plannerSettings } from "../src/app/cluster/planner-settings.ts";
import { portsInUse } from "../src/app/cluster/ports-in-use.ts";
import { readSettings } from "../src/app/cluster/settings/read-settings.ts";
import { decideRollout } from "../src/deliver/rollout/decide-rollout.ts";
import type { LiveObjects, RolloutStep } from "../src/deliver/rollout/rollout-step.ts";

/** SeldonDeployments and what was made of them, in memory: what turns cost without an API server. */
export interface RestingCluster {
  /** One turn; what it wrote is there afterwards. */
  turn(resource: KubernetesObject): RolloutStep;
}

const PLACES: Readonly<Record<string, keyof LiveObjects>> = {
  [RESOURCE.deployment.kind]: "deployments",
  [RESOURCE.service.kind]: "services",
  [RESOURCE.virtualService.kind]: "virtualServices",
  [RESOURCE.destinationRule.kind]: "destinationRules",
};

const NOTHING: LiveObjects = {
  deployments: [],
  services: [],
  autoscalers: [],
  scaledObjects: [],
  disruptionBudgets: [],
  virtualServices: [],
  destinationRules: [],
};

/** As the API server answers: another object, and Deployments without pods are complete. */
function written(object: KubernetesObject): KubernetesObject {
  const copy = structuredClone(object);
  if (copy.kind !== RESOURCE.deployment.kind) return copy;
  const condition = { type: "Available", status: "True", reason: "MinimumReplicasAvailable" };
  return {
    ...copy,
    metadata: { ...copy.metadata, generation: 1 },
    status: { observedGeneration: 1, conditions: [condition] },
  };
}

function withWrites(live: LiveObjects, { writes }: RolloutStep): LiveObjects {
  const next: Record<keyof LiveObjects, KubernetesObject[]> = { ...NOTHING } as never;
  for (const place of Object.keys(NOTHING) as (keyof LiveObjects)[]) next[place] = [...live[place]];
  for (const write of writes) {
    const place = PLACES[write.type.kind];
    if (write.kind !== "apply" || place === undefined) throw new Error(`unexpected ${write.kind} ${write.type.kind}`);
    const others = next[place].filter(({ metadata }) => metadata.name !== write.object.metadata.name);
    next[place] = [...others, written(write.object)];
  }
  return next;
}

export function createRestingCluster(): RestingCluster {
  const read = readSettings([], { ISTIO_ENABLED: "true" });
  if (read.kind !== "settings") throw new Error(JSON.stringify(read));
  const { settings } = read;
  const planner = createPlanner(plannerSettings(settings, () => undefined));
  const lives = new Map<string, LiveObjects>();
  return {
    turn(resource) {
      const key = `${resource.metadata.namespace ?? ""}/${resource.metadata.name}`;
      const live = lives.get(key) ?? NOTHING;
      const { plan, problems } = planner.plan({
        key,
        resource,
        policies: [],
        portsInUse: portsInUse(live.deployments),
        credentialsOf: () => [],
      });
      const step = decideRollout({ resource, plan, problems, live, nowMs: Date.now(), settings: settings.rollout });
      if (step.writes.length > 0) lives.set(key, withWrites(live, step));
      return step;
    },
  };
}
