import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { SimulatedPods } from "./simulated-pods-for-tests.ts";
import type { LiveObjects, Write } from "./rollout-step.ts";

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every path to a leaf; lists are leaves. */
function leaves(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (!isFields(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

function has(value: unknown, path: readonly string[]): boolean {
  let at: unknown = value;
  for (const key of path) {
    if (!isFields(at) || !(key in at)) return false;
    at = at[key];
  }
  return true;
}

function removeAt(value: Fields, path: readonly string[]): void {
  let at: unknown = value;
  for (const key of path.slice(0, -1)) at = isFields(at) ? at[key] : undefined;
  if (isFields(at)) Reflect.deleteProperty(at, path.at(-1) ?? "");
}

function merge(into: Fields, from: Fields): void {
  for (const [key, value] of Object.entries(from)) {
    const known = into[key];
    if (value === null) Reflect.deleteProperty(into, key);
    else if (isFields(value) && isFields(known)) merge(known, value);
    else into[key] = structuredClone(value);
  }
}

function pointerOf(path: unknown): readonly string[] {
  const parts = String(path).split("/").slice(1);
  return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function withoutManagedFields(object: KubernetesObject): Fields {
  const fields = structuredClone(object) as unknown as Fields;
  removeAt(fields, ["metadata", "managedFields"]);
  return fields;
}

interface PodFields {
  readonly template?: { readonly spec: { readonly containers: readonly { readonly ports?: readonly Fields[] }[] } };
}

/** Server-side apply refuses one port number twice. */
function refuseRepeats(object: KubernetesObject): void {
  if (object.kind !== "Deployment") return;
  for (const { ports = [] } of (object["spec"] as PodFields).template?.spec.containers ?? []) {
    const numbers = ports.map((port) => port["containerPort"]);
    if (new Set(numbers).size < numbers.length) throw new Refused("duplicate entries for key");
  }
}

interface Entry {
  object: Fields & { metadata: Fields };
  /** What each field manager applied last. */
  readonly applied: Map<string, Fields>;
}

/** A refusal of the API server. */
export class Refused extends Error {}

/** An API server for the objects of one deployment, with server-side apply, and a Deployment controller. */
export class SimulatedCluster {
  readonly pods = new SimulatedPods();
  readonly #entries = new Map<string, Entry>();
  #counter = 0;

  get objects(): readonly KubernetesObject[] {
    return [...this.#entries.values()].map((one) => one.object as unknown as KubernetesObject);
  }

  ofKind(kind: string): readonly KubernetesObject[] {
    return this.objects.filter((one) => one.kind === kind);
  }

  live(): LiveObjects {
    const copy = structuredClone({
      deployments: this.ofKind("Deployment"),
      services: this.ofKind("Service"),
      autoscalers: this.ofKind("HorizontalPodAutoscaler"),
      scaledObjects: this.ofKind("ScaledObject"),
      disruptionBudgets: this.ofKind("PodDisruptionBudget"),
      virtualServices: this.ofKind("VirtualService"),
      destinationRules: this.ofKind("DestinationRule"),
    });
    return copy;
  }

  write(write: Write): void {
    switch (write.kind) {
      case "apply": {
        this.apply(write.object, write.fieldManager ?? "graphway");
        return;
      }
      case "patch": {
        this.#patch(`${write.type.kind}/${write.key.name}`, write.patch);
        return;
      }
      case "delete": {
        this.#delete(`${write.type.kind}/${write.key.name}`, write.uid);
        return;
      }
    }
  }

  apply(object: KubernetesObject, manager: string): void {
    refuseRepeats(object);
    const key = `${object.kind}/${object.metadata.name}`;
    const known = this.#entries.get(key);
    if (known === undefined) {
      this.#create(key, object, manager);
      return;
    }
    this.#change(known, (next) => {
      const before = known.applied.get(manager) ?? {};
      const others = [...known.applied].filter(([name]) => name !== manager).map(([, applied]) => applied);
      for (const path of leaves(before)) {
        if (!has(object, path) && !others.some((other) => has(other, path))) removeAt(next, path);
      }
      merge(next, structuredClone(object));
      known.applied.set(manager, structuredClone(object));
    });
  }

  /** Created by Seldon's operator, which applies nothing: what would be refused in an apply is not. */
  create(object: KubernetesObject): void {
    this.#create(`${object.kind}/${object.metadata.name}`, object, "manager");
  }

  /** Somebody else sets fields, and owns them from then on. */
  update(key: string, fields: Fields): void {
    const known = this.#entries.get(key);
    if (known === undefined) return;
    for (const path of leaves(fields)) for (const applied of known.applied.values()) removeAt(applied, path);
    known.applied.set("somebody", { ...known.applied.get("somebody"), ...fields });
    this.#change(known, (next) => {
      merge(next, fields);
    });
  }

  #create(key: string, object: KubernetesObject, manager: string): void {
    this.#counter += 1;
    const created = structuredClone(object) as unknown as Entry["object"];
    Object.assign(created.metadata, {
      uid: `uid-${this.#counter}`,
      generation: 1,
      resourceVersion: `${this.#counter}`,
    });
    this.#default(created);
    this.#entries.set(key, {
      object: created,
      applied: new Map([[manager, withoutManagedFields(object)]]),
    });
    if (object.kind === "Deployment") this.pods.add(String(created.metadata["uid"]));
  }

  #default(object: Entry["object"]): void {
    if (object["kind"] !== "Deployment") return;
    const spec = object["spec"] as Fields;
    spec["replicas"] ??= 1;
    spec["revisionHistoryLimit"] ??= 10;
  }

  #change(entry: Entry, edit: (next: Entry["object"]) => void): void {
    const next = structuredClone(entry.object);
    edit(next);
    this.#default(next);
    const text = (value: unknown): string => JSON.stringify(value);
    if (text(next) === text(entry.object)) return;
    const [before, after] = [entry.object["spec"] as Fields, next["spec"] as Fields];
    if (next["kind"] === "Deployment" && text(before["selector"]) !== text(after["selector"])) {
      throw new Refused("spec.selector: field is immutable");
    }
    this.#counter += 1;
    next.metadata["resourceVersion"] = `${this.#counter}`;
    if (text(before) !== text(after)) next.metadata["generation"] = Number(next.metadata["generation"]) + 1;
    entry.object = next;
  }

  #patch(key: string, patch: Fields | readonly Fields[]): void {
    const known = this.#entries.get(key);
    if (known === undefined) return;
    if (isFields(patch)) {
      this.#change(known, (next) => {
        merge(next, patch);
      });
      return;
    }
    this.#migrate(known, patch);
    this.#change(known, (next) => {
      for (const operation of patch) {
        if (operation["op"] === "replace") next.metadata["managedFields"] = structuredClone(operation["value"]);
        if (operation["op"] === "remove") removeAt(next, pointerOf(operation["path"]));
      }
    });
  }

  /** What Seldon's operator (`manager`) no longer owns by `metadata.managedFields` was applied by us from then on. */
  #migrate({ applied, object }: Entry, patch: readonly Fields[]): void {
    const value = patch.find((one) => one["op"] === "replace")?.["value"] as readonly Fields[] | undefined;
    const theirs = applied.get("manager");
    if (value === undefined || theirs === undefined) return;
    const test = patch.find((one) => one["op"] === "test");
    if (JSON.stringify(test?.["value"]) !== JSON.stringify(object.metadata["managedFields"])) throw new Refused("test");
    const kept = value.find((one) => one["manager"] === "manager")?.["fieldsV1"] as Fields | undefined;
    const given = structuredClone(theirs);
    const template = ["spec", "template"];
    if (kept !== undefined) removeAt(given, template);
    const ours = structuredClone(applied.get("graphway") ?? {});
    merge(ours, given);
    applied.set("graphway", ours);
    if (kept === undefined) applied.delete("manager");
    else applied.set("manager", { spec: { template: (theirs["spec"] as Fields)["template"] } });
  }

  #delete(key: string, uid: string): void {
    const known = this.#entries.get(key);
    if (known === undefined) return;
    if (known.object.metadata["uid"] !== uid) throw new Refused("uid differs");
    if (known.object["kind"] === "Deployment") known.object.metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z";
    else this.#entries.delete(key);
  }

  /** A pod stops answering, and its Deployment says so at once. */
  crash(index: number): void {
    this.pods.crash(index);
    for (const { object } of this.#entries.values()) {
      if (object["kind"] === "Deployment") object["status"] = this.pods.statusOf(String(object.metadata["uid"]));
    }
  }

  /** Lets the Deployment controller and the kubelets go on a little; `chance` returns numbers from 0 to below 1. */
  tick(chance: () => number): void {
    for (const [key, entry] of this.#entries) {
      const { object } = entry;
      if (object["kind"] !== "Deployment") continue;
      const { gone, status } = this.pods.tick(object as unknown as KubernetesObject, chance);
      if (gone) this.#entries.delete(key);
      else object["status"] = status;
    }
  }
}
