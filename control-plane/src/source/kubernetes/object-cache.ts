import type { KubernetesObject, ObjectKey } from "../../kubernetes-api/object.ts";

/** The objects of one kind as a watch keeps them. */
export interface ObjectCache {
  /** Resolves when the first listing is in. */
  readonly synced: Promise<void>;
  get(key: ObjectKey): KubernetesObject | undefined;
  list(namespace?: string): readonly KubernetesObject[];
  /** Objects whose controller has this uid. */
  ownedBy(uid: string): readonly KubernetesObject[];
  /** Takes in what a write answered, unless something newer is known: the next turn reads its own writes. */
  put(object: KubernetesObject): void;
  /** Called with the key and, unless it is gone, the object, after every change; returns how to stop. */
  onChange(
    listener: (key: ObjectKey, object: KubernetesObject | undefined, before?: KubernetesObject) => void,
  ): () => void;
  stop(): void;
}
