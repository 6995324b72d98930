import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openStream } from "../../../deliver/xds-server/client-for-tests.ts";
import { XDS_METHODS } from "../../../deliver/xds-server/services.ts";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import { until } from "../../../kubernetes-api/tests/until.ts";
import { enginePredictorOf, type PodTemplate } from "../../../deliver/rollout/pod-template.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import { hashOfEnginePredictor } from "../graph-shelf.ts";
import { predictorOf, startTestCluster, type TestCluster } from "./cluster-for-tests.ts";
import { undoAfterEach } from "./undo-for-tests.ts";

const undo = undoAfterEach();

const cluster = (): Promise<TestCluster> => undo.stopping(startTestCluster());

async function settled(one: TestCluster): Promise<void> {
  await until(() => one.isSettled(), { saw: () => [one.status(), one.objects()] });
}

const ONE = { predictors: [predictorOf("main", 100)] };
const TWO = { predictors: [predictorOf("main", 75), predictorOf("canary", 25, "model:2")] };
const OBJECTS_OF_ONE = [
  "Deployment/iris-main-0-classifier",
  "DestinationRule/iris-main",
  "Service/iris-main",
  "Service/iris-main-classifier",
  "VirtualService/iris",
];

describe("a control plane", () => {
  it("brings a SeldonDeployment up, follows its edits and takes away what is no longer wanted", async () => {
    const here = await cluster();
    here.apply(ONE);
    await here.start();
    await settled(here);
    assert.deepEqual(here.objects(), OBJECTS_OF_ONE);
    here.apply(TWO);
    await settled(here);
    assert.equal(here.objects().length, 9);
    here.apply(ONE);
    await until(() => here.objects().length === 5 && here.isSettled(), { saw: () => here.objects() });
    assert.deepEqual(here.objects(), OBJECTS_OF_ONE);
  });

  it("gets there whatever the API server answers on the way", async () => {
    const here = await cluster();
    for (const verb of ["apply", "patch"] as const)
      for (const fault of [{ status: 500 }, { status: 409 }, { then: "reset" }, { then: "lose-answer" }] as const)
        here.api.fail({ verb, ...fault });
    here.apply(TWO);
    await here.start();
    await settled(here);
    assert.equal(here.objects().length, 9);
  });

  it("deletes nothing when it is started and finds an invalid version", async () => {
    const here = await cluster();
    here.apply(ONE);
    const first = await here.start();
    await settled(here);
    await first.stop();
    here.apply({ predictors: [{ ...predictorOf("main", 100), graph: { name: "nobody", type: "MODEL" } }] });
    await here.start();
    await until(() => here.status().state === "Failed", { saw: () => here.status() });
    assert.match(here.status().description ?? "", /Can't find container/);
    assert.deepEqual(here.objects(), OBJECTS_OF_ONE);
    here.apply(ONE);
    await settled(here);
    assert.deepEqual(here.objects(), OBJECTS_OF_ONE);
  });

  it("leaves alone what is another's, and takes it when it is ours", async () => {
    const here = await cluster();
    here.apply(ONE, { "seldon.io/controller-id": "two" });
    await here.start([], { CONTROLLER_ID: "one" });
    await here.start([], { CONTROLLER_ID: "two" });
    await settled(here);
    here.apply(TWO, { "seldon.io/controller-id": "three" });
    const before = here.api.requests.length;
    await until(() => here.iris()?.metadata.generation === 2);
    assert.deepEqual(here.objects(), OBJECTS_OF_ONE);
    assert.ok(here.api.requests.slice(before).every(({ verb }) => verb !== "apply"));
  });

  it("says what is wrong when Istio is switched on and not there", async () => {
    const here = await cluster();
    here.api.withdraw(RESOURCE.virtualService);
    here.api.withdraw(RESOURCE.destinationRule);
    here.apply(ONE);
    await here.start();
    await until(() => here.status().state === "Failed", { saw: () => here.status() });
    assert.match(here.status().description ?? "", /knows no VirtualService, and ISTIO_ENABLED asks for it/);
    await until(() => here.objects().includes("Deployment/iris-main-0-classifier"), { saw: () => here.objects() });
  });

  it("repairs what others change", async () => {
    const here = await cluster();
    here.apply(ONE);
    await here.start();
    await settled(here);
    const key = { namespace: "models", name: "iris-main" };
    here.api.objects.delete(RESOURCE.service, key);
    await until(() => here.api.objects.get(RESOURCE.service, key) !== undefined);
  });

  it("writes only while it leads, and another goes on when it stops", async () => {
    const here = await cluster();
    const elects = ["--enable-leader-election", "--leader-election-retry-period-secs=1"];
    const first = await here.start(elects, { POD_NAME: "first" });
    here.apply(ONE);
    await settled(here);
    await here.start(elects, { POD_NAME: "second" });
    await first.stop();
    here.apply(TWO);
    await settled(here);
    const lease = here.api.objects.list(RESOURCE.lease, "models")[0]?.["spec"] as { holderIdentity: string };
    assert.match(lease.holderIdentity, /^second_/);
  });

  it("answers whether it is ready, and what it counts", async () => {
    const here = await cluster();
    here.apply(ONE);
    const { metricsPort } = await here.start();
    await settled(here);
    const get = async (path: string): Promise<Response> => fetch(`http://127.0.0.1:${String(metricsPort)}${path}`);
    assert.equal((await get("/healthz")).status, 200);
    assert.equal((await get("/readyz")).status, 200);
    assert.equal((await get("/other")).status, 404);
    const text = await (await get("/metrics")).text();
    assert.match(text, /^graphway_deployments\{state="Available"\} 1$/m);
    assert.match(text, /^graphway_leader 1$/m);
    assert.match(text, /^process_cpu_seconds_total /m);
  });
});

describe("graphs", () => {
  const delta = XDS_METHODS.find(({ method }) => method === "DeltaAggregatedResources");
  assert.ok(delta);

  function engineHash(here: TestCluster): string {
    const key = { namespace: "models", name: "iris-main-0-classifier" };
    const { template } = (here.api.objects.get(RESOURCE.deployment, key)?.["spec"] ?? {}) as {
      readonly template: PodTemplate;
    };
    return hashOfEnginePredictor(enginePredictorOf(template) ?? "");
  }

  it("reach orchestrators of the template that they are for; who accepted them stands in the status", async () => {
    const here = await cluster();
    here.apply(ONE);
    const { xdsAddress } = await here.start(["--xds-auth=none"]);
    await settled(here);
    const subscribe = (hash: string) => {
      const stream = openStream(xdsAddress.replace("0.0.0.0", "127.0.0.1"), delta);
      undo.push(() => {
        stream.close();
      });
      const metadata = { fields: { ENGINE_PREDICTOR_SHA256: { stringValue: hash } } };
      stream.send({
        node: { id: "orchestrator~models~iris~main", metadata },
        typeUrl: TYPE.inferenceGraph,
        resourceNamesSubscribe: ["models/iris/main"],
      });
      return stream;
    };
    const programmed = (): string | undefined =>
      here.status().conditions?.find(({ type }) => type === "Programmed")?.status;
    const hash = engineHash(here);
    const [stream, old] = [subscribe(hash), subscribe("0123456789abcdef")];
    const first = await stream.received(1);
    assert.deepEqual(first.names, ["models/iris/main"]);
    await until(() => programmed() === "False", { saw: () => here.status() });
    stream.ack(first);
    await until(() => programmed() === "True", { saw: () => here.status() });
    assert.ok(old.responses.every((one) => one.names.length === 0));
    // An edit that changes no container: the pods stay, their graph changes.
    const logger = { mode: "all", url: "http://logger.example.com" };
    here.apply({ predictors: [predictorOf("main", 100, "model:1", { logger })] });
    const second = await stream.received(2);
    assert.match(second.bodies[0] ?? "", /logger\.example\.com/);
    assert.equal(engineHash(here), hash);
    const accepted = (): string | undefined =>
      here.status().conditions?.find(({ type }) => type === "Accepted")?.message;
    stream.ack(second, "no such logger");
    await until(() => /refused its graph: no such logger/.test(accepted() ?? ""), { saw: () => here.status() });
    here.apply({ predictors: [predictorOf("main", 100, "model:1", { logger: { ...logger, mode: "request" } })] });
    stream.ack(await stream.received(3));
    await until(() => programmed() === "True" && here.isSettled(), { saw: () => here.status() });
    assert.equal(accepted(), undefined);
  });
});
