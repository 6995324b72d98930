import assert from "node:assert/strict";
import { runProgram } from "../cluster/setup/run-program.ts";
import { GatewayClient, type GrpcCall, type Reply, type RestCall } from "./gateway-client.ts";
import { KubeError, type Fields, type Kube, type KubeObject } from "./kube.ts";
import { Load } from "./load.ts";
import { withImages } from "./manifest.ts";
import type { Target } from "./target.ts";
import { until, untilTrue, type UntilOptions } from "./until.ts";

interface StatusOfProgrammed {
  readonly observedGeneration?: number;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

/** What a scenario works with: a namespace of its own on a real cluster, and a client outside of it. */
export class World {
  readonly target: Target;
  readonly kube: Kube;
  readonly namespace: string;
  readonly client: GatewayClient;
  readonly #notes: string[] = [];
  readonly #loads: Load[] = [];
  readonly #undo: (() => Promise<void>)[] = [];
  #isClosed = false;

  constructor(target: Target, kube: Kube, namespace: string) {
    this.target = target;
    this.kube = kube;
    this.namespace = namespace;
    this.client = new GatewayClient(target.ingress);
  }

  /** Says a number that people want to see in the table. */
  note(text: string): void {
    this.#notes.push(text);
  }

  get notes(): readonly string[] {
    return this.#notes;
  }

  /** Applies objects as `kubectl apply --server-side` does. */
  async apply(...objects: readonly Fields[]): Promise<void> {
    for (const object of objects) {
      await this.kube.apply(withImages(object, this.target.modelImages), this.namespace);
    }
  }

  /** Applies what the webhook must refuse; resolves with its answer. */
  async applyRefused(object: Fields): Promise<KubeError> {
    try {
      await this.apply(object);
    } catch (error) {
      if (error instanceof KubeError) return error;
      throw error;
    }
    return assert.fail(`${JSON.stringify(object["metadata"])} was accepted`);
  }

  kubectl(...words: readonly string[]): Promise<string> {
    const { kubeconfig, context } = this.target;
    const which = [`--kubeconfig=${kubeconfig}`, ...(context === undefined ? [] : [`--context=${context}`])];
    return runProgram("kubectl", [...which, "-n", this.namespace, ...words], { timeoutMs: 180_000 });
  }

  /** `kubectl apply` of this object as a file, or of the text of one. */
  kubectlApply(object: Fields | string, ...words: readonly string[]): Promise<string> {
    const { kubeconfig, context } = this.target;
    const which = [`--kubeconfig=${kubeconfig}`, ...(context === undefined ? [] : [`--context=${context}`])];
    return runProgram("kubectl", [...which, "-n", this.namespace, "apply", ...words, "-f", "-"], {
      input: typeof object === "string" ? object : JSON.stringify(withImages(object, this.target.modelImages)),
      timeoutMs: 180_000,
    });
  }

  helm(...words: readonly string[]): Promise<string> {
    const { kubeconfig, context } = this.target;
    const which = [`--kubeconfig=${kubeconfig}`, ...(context === undefined ? [] : [`--kube-context=${context}`])];
    return runProgram("helm", [...which, "-n", this.namespace, ...words], { timeoutMs: 300_000 });
  }

  get(kind: string, name: string): Promise<KubeObject | undefined> {
    return this.kube.get(kind, this.namespace, name);
  }

  /** The object, which must be there. */
  async need(kind: string, name: string): Promise<KubeObject> {
    const object = await this.get(kind, name);
    assert.ok(object, `there is no ${kind} ${name}`);
    return object;
  }

  list(kind: string, labelSelector?: string): Promise<readonly KubeObject[]> {
    return this.kube.list(kind, this.namespace, labelSelector);
  }

  /** Pods that are not about to end. */
  async podsOf(labelSelector: string): Promise<readonly KubeObject[]> {
    const pods = await this.list("Pod", labelSelector);
    return pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  }

  /** Identities of the pods of a predictor's Service. */
  async podUids(service: string): Promise<readonly string[]> {
    return (await this.podsOf(`seldon-app=${service}`)).map((pod) => pod.metadata.uid ?? "").sort();
  }

  /** Waits until a SeldonDeployment's status has this state for the newest generation. */
  untilState(name: string, state: string, options: UntilOptions = {}): Promise<KubeObject> {
    let seen = "no such object";
    return until(
      `${name} is ${state}`,
      async () => {
        const object = await this.get("SeldonDeployment", name);
        if (object === undefined) return undefined;
        seen = JSON.stringify(object.status ?? {}).slice(0, 1500);
        const isNew = object.status?.["observedGeneration"] === object.metadata.generation;
        return isNew && object.status?.["state"] === state ? object : undefined;
      },
      { describe: () => seen, ...options },
    );
  }

  untilAvailable(name: string, options?: UntilOptions): Promise<KubeObject> {
    return this.untilState(name, "Available", options);
  }

  /** Waits until everybody who is told of a SeldonDeployment by us has accepted its newest generation. */
  untilProgrammed(name: string, options: UntilOptions = {}): Promise<KubeObject> {
    let seen = "no such object";
    return until(
      `${name} is programmed`,
      async () => {
        const object = await this.get("SeldonDeployment", name);
        if (object === undefined) return undefined;
        const { observedGeneration, conditions = [] } = (object.status ?? {}) as StatusOfProgrammed;
        const programmed = conditions.find(({ type }) => type === "Programmed");
        seen = JSON.stringify(programmed ?? {});
        return observedGeneration === object.metadata.generation && programmed?.status === "True" ? object : undefined;
      },
      { describe: () => seen, ...options },
    );
  }

  /**
   * Available, and the ingress has heard of it: Istio takes a moment to tell its gateways. Asks for the orchestrator's
   * readiness (the model's, without one), which no model counts.
   */
  async untilServed(name: string, headers: Readonly<Record<string, string>> = {}): Promise<KubeObject> {
    const object = await this.untilAvailable(name);
    const path = `/seldon/${this.namespace}/${name}/ready`;
    let seen = "";
    await untilTrue(
      `${name} is reached through the ingress`,
      async () => {
        const reply = await this.client.rest({ method: "GET", path, headers });
        seen = `${reply.status} ${reply.body.slice(0, 200)}`;
        return reply.status === 200;
      },
      { everyMs: 50, describe: () => seen },
    );
    return object;
  }

  async untilGone(kind: string, name: string, options?: UntilOptions): Promise<void> {
    await untilTrue(`${kind} ${name} is gone`, async () => (await this.get(kind, name)) === undefined, options);
  }

  /** A REST prediction through the ingress. */
  predict(name: string, call: Partial<RestCall> & { readonly tail?: string } = {}): Promise<Reply> {
    const { tail = "api/v1.0/predictions", ...rest } = call;
    const path = `/seldon/${this.namespace}/${name}/${tail}`;
    return this.client.rest({ path, body: '{"data":{"ndarray":[[1.0,2.0,5.0]]}}', ...rest });
  }

  /** A gRPC call through the ingress, with the metadata that Seldon routes by. */
  grpc(name: string, call: Omit<GrpcCall, "metadata">): Promise<Reply & { readonly message: Buffer }> {
    return this.client.grpc({ ...call, metadata: { seldon: name, namespace: this.namespace } });
  }

  /** Waits until a prediction is answered with 200; resolves with its row. */
  untilAnswered(name: string, options?: UntilOptions): Promise<string> {
    let seen = "";
    return until(
      `${name} answers`,
      async () => {
        const reply = await this.predict(name);
        seen = `${reply.status} ${reply.body.slice(0, 300)}`;
        return reply.status === 200 ? rowOf(reply) : undefined;
      },
      { describe: () => seen, ...options },
    );
  }

  /** Predictions without end, which are stopped at the latest when the scenario ends. */
  load(name: string, call: Partial<RestCall> = {}, options: { loops?: number; pauseMs?: number } = {}): Load {
    const load = new Load(() => this.predict(name, call), rowOf, options);
    this.#loads.push(load);
    return load;
  }

  /** How many requests the models in the pods of this selector have logged, over all their containers. */
  async countRequests(labelSelector: string): Promise<number> {
    let count = 0;
    for (const pod of await this.list("Pod", labelSelector)) {
      const containers = (pod.spec?.["containers"] ?? []) as readonly { name: string }[];
      for (const { name } of containers.filter((one) => one.name !== "seldon-container-engine")) {
        const path = `/api/v1/namespaces/${this.namespace}/pods/${pod.metadata.name}/log?container=${name}`;
        const { text } = (await this.kube.call("GET", path)) as { text?: string };
        count += (text ?? "").split("\n").filter((line) => line.startsWith("request ")).length;
      }
    }
    return count;
  }

  /**
   * Waits until the models of this selector have logged so many requests, and then that no more come: a log shows what was
   * written a moment ago, and copies are waited for by nobody. Fails when there are more.
   */
  async untilRequests(labelSelector: string, wanted: number): Promise<void> {
    let last = -1;
    const count = await until(
      `${wanted} requests at ${labelSelector}`,
      async () => {
        const seen = await this.countRequests(labelSelector);
        const isQuiet = seen === last;
        last = seen;
        return seen >= wanted && isQuiet ? seen : undefined;
      },
      { everyMs: 500, describe: () => String(last) },
    );
    assert.equal(count, wanted, `requests at ${labelSelector}`);
  }

  /**
   * What must be done when the scenario ends, also when it is given up because it takes too long. The newest first. Say it before you
   * begin what is to be undone: this throws when the scenario has ended meanwhile.
   */
  atEnd(undo: () => Promise<void>): void {
    if (this.#isClosed) throw new Error("the scenario has ended, and nothing begins after it");
    this.#undo.unshift(undo);
  }

  /** Ends what is still under way; all of it, also where something fails, which is told at the end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const endings = [
      ...this.#undo.splice(0),
      () => Promise.all(this.#loads.map((load) => load.stop())),
      () => this.client.close(),
    ];
    const failed: unknown[] = [];
    for (const end of endings) {
      try {
        await end();
      } catch (error) {
        failed.push(error);
      }
    }
    if (failed.length > 0) throw new AggregateError(failed, failed.map(String).join("; "));
  }
}

/** The first row of a Seldon answer, as text; the whole body where there is none. */
export function rowOf(reply: Reply): string {
  try {
    const { data } = JSON.parse(reply.body) as { data?: { ndarray?: unknown[]; tensor?: { values: unknown } } };
    return JSON.stringify(data?.ndarray?.[0] ?? data?.tensor?.values ?? reply.body);
  } catch {
    return reply.body.slice(0, 100);
  }
}
