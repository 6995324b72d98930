import { untilTrue } from "./until.ts";
import type { World } from "./world.ts";

const NAMESPACE = "istio-system";
const NAME = "istiod";
const PODS = "app=istiod";

/** The mesh's istiod, for scenarios that hurt it. They run alone: every proxy of the mesh is fed by it. */
export class Istiod {
  readonly #world: World;
  /** How many there were; undefined: nothing was changed. */
  #replicas: number | undefined;

  constructor(world: World) {
    this.#world = world;
    world.atEnd(() => this.bringBack());
  }

  /** Ends every istiod without a word; Kubernetes starts another. */
  async kill(): Promise<void> {
    const { kube } = this.#world;
    for (const { metadata } of await kube.list("Pod", NAMESPACE, PODS))
      await kube.delete("Pod", NAMESPACE, metadata.name, 0);
  }

  /** Ends every istiod without a word, and none comes back before `bringBack`. */
  async takeAway(): Promise<void> {
    const { kube } = this.#world;
    const { replicas } = await this.#deployment();
    this.#replicas ??= replicas;
    await this.#scale(0);
    await this.kill();
    await untilTrue("no istiod runs", async () => (await kube.list("Pod", NAMESPACE, PODS)).length === 0);
  }

  /** Quiet where it was never taken away. The scenario's end does it too. */
  async bringBack(): Promise<void> {
    if (this.#replicas === undefined) return;
    await this.#scale(this.#replicas);
    await this.untilReady(this.#replicas);
    this.#replicas = undefined;
  }

  async untilReady(replicas = 1): Promise<void> {
    await untilTrue("istiod is ready", async () => (await this.#deployment()).ready === replicas);
  }

  async #scale(replicas: number): Promise<void> {
    await this.#world.kube.patch("Deployment", NAMESPACE, NAME, { spec: { replicas } });
  }

  async #deployment(): Promise<{ readonly replicas: number; readonly ready: number }> {
    const found = await this.#world.kube.get("Deployment", NAMESPACE, NAME);
    if (found === undefined) throw new Error(`there is no Deployment ${NAMESPACE}/${NAME}`);
    return { replicas: Number(found.spec?.["replicas"] ?? 1), ready: Number(found.status?.["readyReplicas"] ?? 0) };
  }
}
