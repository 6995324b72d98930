import assert from "node:assert/strict";
import { test } from "node:test";
import { planExplainer, planExplainerPods } from "./explainer.ts";
import { contextFor, variableOf, type Given } from "./server/contexts-for-tests.ts";

const URI = "gs://models/explainer";
const GRAPH = { implementation: "SKLEARN_SERVER", modelUri: "gs://models/iris" };

type Fields = Readonly<Record<string, unknown>>;

function planFor(explainer: Fields, { predictor = {}, ...given }: Given = {}) {
  const made = contextFor({ graph: GRAPH, predictor: { explainer, ...predictor }, ...given });
  const { pods, services } = planExplainerPods(made.context, made.predictor);
  return { ...made, pods, services };
}

/** The only pod, its container and its Service. */
function soleExplainer(explainer: Fields, given: Given = {}) {
  const { pods, services, context, predictor, findings } = planFor(explainer, given);
  const [pod, ...otherPods] = pods;
  const [service, ...otherServices] = services;
  assert.ok(pod !== undefined && service !== undefined);
  assert.deepEqual([otherPods, otherServices], [[], []]);
  const [container] = pod.podSpec.containers;
  assert.ok(container !== undefined);
  return { pod, service, container, plan: planExplainer(context, predictor), findings };
}

for (const explainer of [undefined, {}, { type: "" }]) {
  test(`explainer ${JSON.stringify(explainer)} is none`, () => {
    const { pods, services, context, predictor } = planFor(explainer as Fields);
    assert.deepEqual({ pods, services }, { pods: [], services: [] });
    assert.equal(planExplainer(context, predictor), undefined);
  });
}

test("a generated container of Seldon's explainer", () => {
  const config = { seed: "1", batch: `${URI}/data.csv` };
  const { container, findings } = soleExplainer({ type: "AnchorTabular", modelUri: URI, config });
  assert.deepEqual(findings, []);
  assert.equal(container.name, "dep-main-explainer");
  assert.equal(container.image, "seldonio/alibiexplainer:1.17.1");
  assert.equal(container.imagePullPolicy, "IfNotPresent");
  assert.deepEqual(container.args, [
    "--model_name=model",
    "--predictor_host=dep-main.ns:8000",
    "--protocol=seldon.http",
    "--http_port=9000",
    "--storage_uri=/mnt/models",
    "AnchorTabular",
    "--batch=/mnt/models/data.csv",
    "--seed=1",
  ]);
  assert.deepEqual(container.ports, [{ name: "http", containerPort: 9000, protocol: "TCP" }]);
  assert.deepEqual(container.livenessProbe, {
    tcpSocket: { port: "http" },
    initialDelaySeconds: 60,
    periodSeconds: 5,
    timeoutSeconds: 1,
    successThreshold: 1,
    failureThreshold: 5,
  });
  assert.equal(container.readinessProbe?.failureThreshold, 7);
  assert.equal(container.readinessProbe.initialDelaySeconds, 20);
  assert.deepEqual(container.lifecycle?.preStop?.exec?.command, ["/bin/sh", "-c", "/bin/sleep 10"]);
  assert.equal(container.env, undefined);
});

test("images and gRPC show in the arguments", () => {
  const { container } = soleExplainer(
    { type: "AnchorImages" },
    {
      spec: { transport: "grpc", protocol: "tensorflow" },
      graph: { implementation: "TENSORFLOW_SERVER", modelUri: URI },
    },
  );
  assert.deepEqual(container.args, [
    "--model_name=model",
    "--predictor_host=dep-main.ns:5001",
    "--protocol=tensorflow.grpc",
    "--http_port=9000",
    "AnchorImages",
    "--tf_data_type=float32",
  ]);
});

test("an explainer of a predictor without orchestrator asks the model's own port", () => {
  const given = { predictor: { annotations: { "seldon.io/no-engine": "true", "seldon.io/svc-name": "mine" } } };
  const { container } = soleExplainer({ type: "AnchorTabular" }, given);
  assert.equal(container.args?.[1], "--predictor_host=mine.ns:9000");
});

test("its Deployment and Service have Seldon's names and labels, and a selector of their own", () => {
  const { pod, service, plan } = soleExplainer(
    { type: "AnchorTabular", serviceAccountName: "reader" },
    { spec: { annotations: { a: "1" } }, predictor: { annotations: { b: "2" }, labels: { version: "v7" } } },
  );
  assert.equal(pod.name, "dep-main-explainer");
  assert.equal(pod.role, "explainer");
  assert.deepEqual(pod.selector, { "seldon-deployment-id": "dep", "seldon-app": "dep-main-explainer" });
  assert.deepEqual(pod.podLabels, {
    "seldon-deployment-id": "dep",
    app: "dep-main-explainer",
    fluentd: "true",
    version: "v7",
    "seldon-app": "dep-main-explainer",
    "app.kubernetes.io/managed-by": "seldon-core",
    "seldon.io/explainer": "true",
  });
  assert.deepEqual(pod.annotations, { a: "1", b: "2" });
  assert.equal(pod.podAnnotations["prometheus.io/scrape"], "true");
  assert.equal(pod.podSpec.serviceAccountName, "reader");
  assert.equal(pod.podSpec.terminationGracePeriodSeconds, 20);
  assert.deepEqual(service, {
    name: "dep-main-explainer",
    predictor: "main",
    role: "explainer",
    labels: {
      "seldon-app": "dep-main",
      "seldon-deployment-id": "dep",
      "app.kubernetes.io/managed-by": "seldon-core",
      "seldon.io/explainer": "true",
    },
    annotations: { b: "2" },
    selector: { "seldon-app": "dep-main-explainer" },
    ports: [{ name: "http", port: 9000 }],
    headless: false,
  });
  assert.deepEqual(plan, {
    serviceName: "dep-main-explainer",
    serviceHost: "dep-main-explainer.ns.svc.cluster.local",
    httpPort: 9000,
    subsetLabels: { version: "v7" },
  });
});

test("a container of the user's own keeps its name, image, port, probes and environment", () => {
  const containerSpec = {
    name: "mine",
    image: "mine:1",
    ports: [{ name: "http", containerPort: 8080 }],
    env: [{ name: "A", value: "1" }],
    livenessProbe: { tcpSocket: { port: 1 } },
    lifecycle: {},
  };
  const { container, service, plan, pod } = soleExplainer({ type: "AnchorText", modelUri: URI, containerSpec });
  assert.equal(container.name, "mine");
  assert.equal(container.image, "mine:1");
  assert.deepEqual(container.env, containerSpec.env);
  assert.deepEqual(container.livenessProbe, containerSpec.livenessProbe);
  assert.deepEqual(container.lifecycle, {});
  assert.ok(container.args?.includes("--http_port=8080"));
  assert.deepEqual(service.ports, [{ name: "http", port: 8080 }]);
  assert.equal(plan?.httpPort, 8080);
  assert.equal(pod.podSpec.initContainers?.[0]?.name, "mine-model-initializer");
});

test("the endpoint's port is used, and the container's before it", () => {
  assert.equal(soleExplainer({ type: "ALE", endpoint: { service_port: 8123 } }).service.ports[0]?.port, 8123);
  const containerSpec = { name: "mine", ports: [{ name: "http", containerPort: 8080 }] };
  const both = soleExplainer({ type: "ALE", endpoint: { service_port: 8123 }, containerSpec });
  assert.equal(both.service.ports[0]?.port, 8080);
});

test("protocol v2 is MLServer, told by its environment, which the user may overrule", () => {
  const containerSpec = { name: "mine", args: ["own"], env: [{ name: "MLSERVER_MODEL_NAME", value: "other" }] };
  const { container, findings } = soleExplainer(
    { type: "AnchorTabular", modelUri: URI, initParameters: '{"threshold": 0.95}', containerSpec },
    { spec: { protocol: "v2", transport: "grpc" } },
  );
  assert.deepEqual(findings, []);
  assert.equal(container.image, "seldonio/mlserver:1.3.5-alibi-explain");
  assert.deepEqual(container.args, ["own"]);
  assert.equal(variableOf({ container }, "MLSERVER_HTTP_PORT"), "9000");
  assert.equal(
    variableOf({ container }, "MLSERVER_MODEL_IMPLEMENTATION"),
    "mlserver_alibi_explain.AlibiExplainRuntime",
  );
  assert.equal(variableOf({ container }, "MLSERVER_MODEL_NAME"), "other");
  assert.equal(variableOf({ container }, "MLSERVER_MODEL_URI"), "/mnt/models");
  assert.deepEqual(JSON.parse(variableOf({ container }, "MLSERVER_MODEL_EXTRA") ?? ""), {
    explainer_type: "anchor_tabular",
    infer_uri: "http://dep-main.ns:8000/v2/models/model/infer",
    init_parameters: { threshold: 0.95 },
  });
});

test("initParameters that are no JSON stop the deployment and say where", () => {
  const { findings } = soleExplainer({ type: "ALE", initParameters: "{" }, { spec: { protocol: "v2" } });
  assert.deepEqual(
    findings.map(({ code, at }) => [code, at.join(".")]),
    [["ExplainerParametersInvalid", "spec.predictors.0.explainer.initParameters"]],
  );
});

test("arguments of the user's own are replaced, as in Seldon, and that is said", () => {
  const { container, findings } = soleExplainer({ type: "ALE", containerSpec: { name: "mine", args: ["own"] } });
  assert.equal(container.args?.[0], "--model_name=model");
  assert.deepEqual(
    findings.map(({ code }) => code),
    ["ExplainerArgumentsReplaced"],
  );
});

test("a model of its own is downloaded with its own secret, never with the operator's", () => {
  const explainer = { type: "ALE", modelUri: "pvc://claim/e", storageInitializerImage: "mine:init" };
  const bare = soleExplainer(explainer, { workloads: { defaultEnvSecretName: "everyone" } });
  const [download] = bare.pod.podSpec.initContainers ?? [];
  assert.equal(download?.image, "mine:init");
  assert.deepEqual(download.args, ["/mnt/pvc/e", "/mnt/models"]);
  assert.equal(download.envFrom, undefined);
  assert.deepEqual(
    bare.pod.podSpec.volumes?.map((volume) => volume["name"]),
    ["kfserving-pvc-source", "dep-main-explainer-provision-location", "seldon-podinfo"],
  );
  const own = soleExplainer({ ...explainer, envSecretRefName: "own" });
  assert.deepEqual(own.pod.podSpec.initContainers?.[0]?.envFrom, [{ secretRef: { name: "own" } }]);
});

for (const [spec, predictor, explainer, expected] of [
  [3, undefined, 2, 2],
  [3, undefined, undefined, undefined],
  [0, undefined, 2, 0],
  [0, 1, 2, 2],
  [3, 0, 2, 0],
] as const) {
  test(`replicas: spec ${spec}, predictor ${predictor}, explainer ${explainer} give ${expected}`, () => {
    const replicas = (value: number | undefined) => (value === undefined ? {} : { replicas: value });
    const { pod } = soleExplainer(
      { type: "ALE", ...replicas(explainer) },
      { spec: replicas(spec), predictor: replicas(predictor) },
    );
    assert.equal(pod.replicas, expected);
  });
}
