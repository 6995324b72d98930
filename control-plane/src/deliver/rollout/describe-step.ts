import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { missing } from "./missing.ts";
import { isSeldons, markOf, REPLICAS_MANAGER } from "./marks.ts";
import type { LiveObjects, RolloutStep, Write } from "./rollout-step.ts";

function restartsPods(wanted: KubernetesObject, live: KubernetesObject): boolean {
  const template = (one: KubernetesObject): unknown =>
    (one["spec"] as { readonly template?: unknown } | undefined)?.template;
  const next = template(wanted);
  if (wanted.kind !== "Deployment" || next === undefined) return false;
  // Written over a template of Seldon's, ours takes away what is not in it.
  return isSeldons(live) || markOf(live, "adopted") !== undefined || missing(next, template(live)) !== undefined;
}

function describeWrite(write: Write, live: ReadonlyMap<string, KubernetesObject>): string | undefined {
  switch (write.kind) {
    case "apply": {
      if (write.fieldManager === REPLICAS_MANAGER) return undefined;
      const { kind, metadata } = write.object;
      const before = live.get(`${kind}/${metadata.name}`);
      if (before === undefined) return `create ${kind} ${metadata.name}`;
      const pods = kind !== "Deployment" ? "" : restartsPods(write.object, before) ? ", new pods" : ", pods stay";
      return `${isSeldons(before) ? "take over" : "update"} ${kind} ${metadata.name}${pods}`;
    }
    case "delete":
      return `delete ${write.type.kind} ${write.key.name}`;
    case "patch":
      // A list of operations comes before the write of a takeover, which is told.
      return Array.isArray(write.patch) ? undefined : `annotate ${write.type.kind} ${write.key.name}`;
  }
}

/** What a step would change, a line per object, for people: `update Deployment iris-default-0-classifier, pods stay`. */
export function describeStep(step: RolloutStep, live: LiveObjects): readonly string[] {
  const objects = Object.values(live).flat() as readonly KubernetesObject[];
  const byName = new Map(objects.map((one) => [`${one.kind}/${one.metadata.name}`, one]));
  return step.writes.flatMap((write) => describeWrite(write, byName) ?? []);
}
