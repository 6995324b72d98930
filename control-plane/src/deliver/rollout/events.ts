import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { SeldonDeploymentStatus } from "../status/seldon-status.ts";
import type { EventNote, RolloutInput, Write } from "./rollout-step.ts";
import { REPLICAS_MANAGER } from "./marks.ts";

/** Seldon's names of kinds in event reasons. */
const KIND_WORDS: Readonly<Record<string, string>> = {
  HorizontalPodAutoscaler: "HPA",
  PodDisruptionBudget: "PDB",
};

function note(verb: "Create" | "Update" | "Delete", kind: string, name: string): EventNote {
  const word = KIND_WORDS[kind] ?? kind;
  return { type: "Normal", reason: `${verb}${word}`, message: `${verb}d ${word} ${JSON.stringify(name)}` };
}

function noteOf(write: Write, liveNames: ReadonlySet<string>): EventNote | undefined {
  switch (write.kind) {
    case "apply": {
      if (write.fieldManager === REPLICAS_MANAGER) return undefined;
      const { name } = write.object.metadata;
      return note(liveNames.has(`${write.type.kind}/${name}`) ? "Update" : "Create", write.type.kind, name);
    }
    case "delete":
      return note("Delete", write.type.kind, write.key.name);
    case "patch":
      return undefined;
  }
}

interface StatusBefore {
  readonly state?: string;
  readonly description?: string;
}

/** A change of state, told once: a failure with what is wrong, anything else as an update. */
function stateNotes(resource: KubernetesObject, status: SeldonDeploymentStatus): readonly EventNote[] {
  const before = (resource["status"] ?? {}) as StatusBefore;
  const same = before.state === status.state && (before.description ?? "") === (status.description ?? "");
  if (same) return [];
  if (status.state === "Failed") {
    return [{ type: "Warning", reason: "InternalError", message: status.description ?? "failed" }];
  }
  const message = `Updated SeldonDeployment ${JSON.stringify(resource.metadata.name)}: ${status.state}`;
  return [{ type: "Normal", reason: "Updated", message }];
}

/** Seldon's events, for what really changes in this turn. */
export function eventsOf(
  { resource, live }: RolloutInput,
  writes: readonly Write[],
  status: SeldonDeploymentStatus,
): readonly EventNote[] {
  if (writes.length === 0) return stateNotes(resource, status);
  const liveNames = new Set(Object.values(live).flatMap((list: readonly KubernetesObject[]) => list.map(nameOf)));
  return [...writes.flatMap((write) => noteOf(write, liveNames) ?? []), ...stateNotes(resource, status)];
}

function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind}/${metadata.name}`;
}
