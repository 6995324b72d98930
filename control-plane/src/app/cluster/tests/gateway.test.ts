import { credentials } from "@grpc/grpc-js";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openDeltaStream } from "../../../deliver/xds-client/delta-stream.ts";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import { until } from "../../../kubernetes-api/tests/until.ts";
import { decodeResource } from "../../../render/xds/encode.ts";
import type { EncodedResource } from "../../../render/xds/resource.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import { predictorOf, startTestCluster, type TestCluster } from "./cluster-for-tests.ts";
import { undoAfterEach } from "./undo-for-tests.ts";

const undo = undoAfterEach();

const cluster = (): Promise<TestCluster> => undo.stopping(startTestCluster());

const TYPES = [
  TYPE.cluster,
  TYPE.endpoints,
  TYPE.listener,
  TYPE.routeConfiguration,
  TYPE.filterConfig,
  TYPE.secret,
] as const;

/** A gateway that takes in everything, and notes when something names a cluster that it was not told of. */
class Gateway {
  readonly #held = new Map<string, EncodedResource>();
  readonly faults: string[] = [];
  removals = 0;
  answers = 0;
  /** Why it takes in nothing of a type, if it does not. */
  refuses: { readonly typeUrl: string; readonly why: string } | undefined;

  connect(address: string): { close(): Promise<void> } {
    const stream = openDeltaStream({
      address,
      credentials: credentials.createInsecure(),
      node: { id: "gateway~models~graphway-gateway~gw-1", cluster: "graphway" },
      typeUrls: TYPES,
      token: () => Promise.resolve(undefined),
      held: (typeUrl) => new Map(this.#ofType(typeUrl).map(({ name, version }) => [name, version])),
      take: ({ typeUrl, resources, removed }) => {
        this.answers += 1;
        if (this.refuses?.typeUrl === typeUrl && resources.length > 0) return Promise.resolve(this.refuses.why);
        for (const one of resources) this.#held.set(`${typeUrl} ${one.name}`, one);
        for (const name of removed) this.#held.delete(`${typeUrl} ${name}`);
        this.removals += removed.length;
        this.#check();
        return Promise.resolve(undefined);
      },
    });
    undo.push(() => stream.close());
    return stream;
  }

  names(typeUrl: string): readonly string[] {
    return this.#ofType(typeUrl)
      .map(({ name }) => name)
      .sort();
  }

  text(typeUrl: string, name?: string): string {
    const found = this.#ofType(typeUrl).filter((one) => name === undefined || one.name === name);
    return JSON.stringify(found.map(decodeResource));
  }

  #ofType(typeUrl: string): readonly EncodedResource[] {
    return [...this.#held.values()].filter((one) => one.typeUrl === typeUrl);
  }

  #check(): void {
    const clusters = new Set(this.names(TYPE.cluster));
    for (const [, name = ""] of this.text(TYPE.routeConfiguration).matchAll(/"(models\/iris[^"]*\/(?:http|grpc))"/g))
      if (!clusters.has(name)) this.faults.push(`routes name ${name}`);
  }
}

const FLAGS = ["--gateway", "--xds-auth=none"];
const WITHOUT_ISTIO = { ISTIO_ENABLED: "false" };
const TWO = { predictors: [predictorOf("main", 75), predictorOf("canary", 25, "model:2")] };

function bringEndpoints(here: TestCluster, service: string, addresses: readonly string[]): void {
  const { apiVersion, kind } = RESOURCE.endpointSlice;
  here.api.objects.put(RESOURCE.endpointSlice, {
    apiVersion,
    kind,
    metadata: { name: `${service}-1`, namespace: "models", labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [
      { name: "http", port: 8000, protocol: "TCP" },
      { name: "grpc", port: 5001, protocol: "TCP" },
    ],
  });
}

const shares = (gateway: Gateway): readonly number[] =>
  [...gateway.text(TYPE.routeConfiguration).matchAll(/"weight":(\d+)/g)].map(([, weight]) => Number(weight));

describe("a control plane with gateways of its own", () => {
  it("tells them of a deployment, of new weights, endpoints and removals, and never of what is not there", async () => {
    const here = await cluster();
    const controlPlane = await here.start(FLAGS, WITHOUT_ISTIO);
    const gateway = new Gateway();
    gateway.connect(controlPlane.xdsAddress);
    await until(() => gateway.names(TYPE.listener).length === 1, { saw: () => gateway.names(TYPE.listener) });
    here.apply({ predictors: [predictorOf("main", 100)] });
    await until(() => gateway.names(TYPE.cluster).length === 2, { saw: () => here.status() });
    const [service] = here.api.objects
      .list(RESOURCE.service, "models")
      .filter((one) => one.metadata.name === "iris-main")
      .map((one) => one.metadata.name);
    assert.ok(service);
    bringEndpoints(here, service, ["10.0.0.1"]);
    await until(() => gateway.text(TYPE.endpoints).includes("10.0.0.1"), { saw: () => gateway.text(TYPE.endpoints) });
    bringEndpoints(here, service, ["10.0.0.2"]);
    await until(() => gateway.text(TYPE.endpoints).includes("10.0.0.2"), { saw: () => gateway.text(TYPE.endpoints) });
    here.apply(TWO);
    await until(() => shares(gateway).includes(25), { saw: () => shares(gateway) });
    assert.equal(gateway.names(TYPE.cluster).length, 4);
    let namedAtTheEnd = true;
    here.api.objects.onEntry(({ type, object }) => {
      if (type === "DELETED" && object.kind === "Deployment")
        namedAtTheEnd = gateway.text(TYPE.routeConfiguration).includes("models/iris/main/");
    });
    here.apply({ predictors: [predictorOf("canary", 100, "model:2")] });
    await until(() => gateway.names(TYPE.cluster).length === 2, {
      saw: () => gateway.names(TYPE.cluster),
    });
    assert.ok(gateway.names(TYPE.cluster).every((name) => name.includes("canary")));
    await until(() => here.objects().every((name) => !name.includes("main")), { saw: () => here.objects() });
    assert.equal(namedAtTheEnd, false, "its pods went before gateways were told");
    assert.deepEqual(gateway.faults, []);
  });

  it("takes nothing away when it starts anew", async () => {
    const here = await cluster();
    here.apply(TWO);
    const first = await here.start(FLAGS, WITHOUT_ISTIO);
    const gateway = new Gateway();
    const stream = gateway.connect(first.xdsAddress);
    await until(() => shares(gateway).includes(25), { saw: () => shares(gateway) });
    await stream.close();
    await first.stop();
    const second = await here.start(FLAGS, WITHOUT_ISTIO);
    const before = gateway.text(TYPE.filterConfig);
    gateway.connect(second.xdsAddress);
    await until(() => gateway.text(TYPE.filterConfig) !== before, { saw: () => gateway.removals });
    assert.equal(gateway.removals, 0);
    assert.ok(shares(gateway).includes(25));
  });

  it("says nothing when it is stopped before it knows the cluster", async () => {
    const here = await cluster();
    here.api.fail({ then: "reset", verb: "list", kind: "SeldonDeployment", times: Infinity });
    const controlPlane = await here.start([...FLAGS, "--enable-leader-election"], WITHOUT_ISTIO);
    const gateway = new Gateway();
    gateway.connect(controlPlane.xdsAddress);
    let clients = "";
    await until(
      async () => {
        const response = await fetch(`http://127.0.0.1:${controlPlane.metricsPort}/debug/xds?node=gw-1`);
        clients = await response.text();
        return clients.includes('"wildcard":true');
      },
      { saw: () => clients },
    );
    await controlPlane.stop();
    assert.equal(gateway.answers, 0, "it would drop what it has");
  });

  it("forgets a deployment that is deleted", async () => {
    const here = await cluster();
    here.apply(TWO);
    const controlPlane = await here.start(FLAGS, WITHOUT_ISTIO);
    const gateway = new Gateway();
    gateway.connect(controlPlane.xdsAddress);
    await until(() => gateway.names(TYPE.cluster).length === 4, { saw: () => here.status() });
    here.api.objects.delete(RESOURCE.seldonDeployment, { namespace: "models", name: "iris" });
    await until(() => gateway.names(TYPE.cluster).length === 0, {
      saw: () => gateway.names(TYPE.cluster),
    });
    assert.deepEqual(gateway.faults, []);
  });

  it("keeps pods that a gateway goes on sending requests to, because it refused the routes without them", async () => {
    const here = await cluster();
    here.apply(TWO);
    const controlPlane = await here.start(FLAGS, WITHOUT_ISTIO);
    const gateway = new Gateway();
    gateway.connect(controlPlane.xdsAddress);
    await until(() => shares(gateway).includes(25), { saw: () => shares(gateway) });
    gateway.refuses = { typeUrl: TYPE.routeConfiguration, why: "one is missing" };
    const isThere = (): boolean => here.objects().some((name) => name.includes("main"));
    here.apply({ predictors: [predictorOf("canary", 100, "model:2")] });
    await assert.rejects(
      until(() => !isThere(), { within: 4_000, saw: () => "it is there" }),
      /it is there/,
    );
    gateway.refuses = undefined;
    here.apply({ predictors: [predictorOf("canary", 50, "model:2"), predictorOf("third", 50)] });
    await until(() => !isThere(), { saw: () => here.objects() });
  });

  it("counts gateways that have taken it in, also those that come back, and tells why one did not", async () => {
    const here = await cluster();
    const programmed = (type = "Programmed") => here.status().conditions?.find((one) => one.type === type);
    const says = (text: RegExp, type?: string) =>
      until(() => text.test(`${programmed(type)?.status ?? ""} ${programmed(type)?.message ?? ""}`), {
        saw: () => here.status(),
      });
    here.apply({ predictors: [predictorOf("main", 100)] });
    const first = await here.start(FLAGS, WITHOUT_ISTIO);
    await says(/^Unknown/);
    const gateway = new Gateway();
    const stream = gateway.connect(first.xdsAddress);
    await says(/^True 1 of 1/);
    gateway.refuses = { typeUrl: TYPE.routeConfiguration, why: "weights are odd" };
    here.apply(TWO);
    await says(/^False 0 of 1/);
    await says(/^True .*a gateway refused it: weights are odd/, "Accepted");
    gateway.refuses = undefined;
    here.apply({ predictors: [predictorOf("main", 50), predictorOf("canary", 50, "model:2")] });
    await says(/^True 1 of 1/);
    await says(/^True $/, "Accepted");
    await stream.close();
    await says(/^Unknown/);
    gateway.connect(first.xdsAddress);
    await says(/^True 1 of 1/);
  });
});
