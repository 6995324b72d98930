import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_WORKLOAD_OPTIONS } from "../../workload-options.ts";
import { additionsOf, contextFor, variableOf } from "./contexts-for-tests.ts";

const URI = "gs://models/iris";
const PARAMETERS = "PREDICTIVE_UNIT_PARAMETERS";

function componentSpecs(container: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { componentSpecs: [{ spec: { containers: [{ name: "model", ...container }] } }] };
}

test("SKLEARN_SERVER gets its image, its parameters and a download", () => {
  const parameters = [{ name: "method", value: "predict", type: "STRING" }];
  const given = contextFor({ graph: { implementation: "SKLEARN_SERVER", modelUri: URI, parameters } });
  const added = additionsOf(given);
  assert.equal(added.container.image, "seldonio/sklearnserver:1.17.1");
  assert.deepEqual(JSON.parse(variableOf(added, PARAMETERS) ?? ""), [
    ...parameters,
    { name: "model_uri", value: "/mnt/models", type: "STRING" },
  ]);
  assert.deepEqual(added.container.volumeMounts?.at(-1), {
    name: "model-provision-location",
    mountPath: "/mnt/models",
    readOnly: true,
  });
  assert.deepEqual(added.volumes, [{ name: "model-provision-location", emptyDir: {} }]);
  assert.deepEqual(added.initContainers, [
    {
      name: "model-model-initializer",
      image: "seldonio/rclone-storage-initializer:1.17.1",
      imagePullPolicy: "IfNotPresent",
      args: [URI, "/mnt/models"],
      resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "100m", memory: "100Mi" } },
      terminationMessagePath: "/dev/termination-log",
      terminationMessagePolicy: "File",
      volumeMounts: [{ name: "model-provision-location", mountPath: "/mnt/models" }],
    },
  ]);
  assert.deepEqual(added.sidecars, []);
  assert.deepEqual(given.findings, []);
});

test("a container of the user's keeps its image and its variables", () => {
  const env = [
    { name: "MINE", value: "1" },
    { name: "MLSERVER_MODEL_VERSION", value: "v7" },
  ];
  const graph = { implementation: "SKLEARN_SERVER", modelUri: URI };
  const added = additionsOf(
    contextFor({ spec: { protocol: "v2" }, graph, predictor: componentSpecs({ image: "mine:1", env }) }),
  );
  assert.equal(added.container.image, "mine:1");
  assert.equal(variableOf(added, "MINE"), "1");
  assert.equal(variableOf(added, "MLSERVER_MODEL_VERSION"), "v7");
  assert.equal(variableOf(added, "MLSERVER_MODEL_IMPLEMENTATION"), "mlserver_sklearn.SKLearnModel");
});

for (const [implementation, runtime] of [
  ["SKLEARN_SERVER", "mlserver_sklearn.SKLearnModel"],
  ["XGBOOST_SERVER", "mlserver_xgboost.XGBoostModel"],
  ["MLFLOW_SERVER", "mlserver_mlflow.MLflowRuntime"],
  ["TEMPO_SERVER", "tempo.mlserver.InferenceRuntime"],
  ["HUGGINGFACE_SERVER", "mlserver_huggingface.HuggingFaceRuntime"],
] as const) {
  test(`${implementation} with protocol v2 is MLServer`, () => {
    const given = contextFor({ spec: { protocol: "v2" }, graph: { implementation, modelUri: URI } });
    const added = additionsOf(given);
    assert.match(added.container.image ?? "", /^seldonio\/mlserver:1\.3\.5-/);
    assert.equal(variableOf(added, "MLSERVER_MODEL_IMPLEMENTATION"), runtime);
    assert.equal(variableOf(added, "MLSERVER_MODEL_VERSION"), "v1");
    assert.equal(variableOf(added, "MLSERVER_MODEL_URI"), "/mnt/models");
    assert.deepEqual(JSON.parse(variableOf(added, "TEMPO_RUNTIME_OPTIONS") ?? ""), {
      k8s_options: { defaultRuntime: "tempo.seldon.SeldonKubernetesRuntime", namespace: "ns" },
    });
    const huggingFace = implementation === "HUGGINGFACE_SERVER";
    assert.equal(variableOf(added, "MLSERVER_PARALLEL_WORKERS"), huggingFace ? "0" : undefined);
    assert.equal(variableOf(added, "XDG_CACHE_HOME"), huggingFace ? "/opt/mlserver" : undefined);
    assert.equal(variableOf(added, PARAMETERS), undefined);
    assert.deepEqual(added.container.readinessProbe?.httpGet, {
      path: "/v2/health/ready",
      port: "http",
      scheme: "HTTP",
    });
    assert.equal(added.container.readinessProbe.initialDelaySeconds, 20);
    assert.deepEqual(added.container.livenessProbe?.httpGet, { path: "/v2/health/live", port: "http", scheme: "HTTP" });
    assert.equal(added.container.livenessProbe.initialDelaySeconds, 60);
    assert.ok(added.container.ports?.some(({ name }) => name === "metrics"));
    assert.deepEqual(given.findings, []);
  });
}

test("HUGGINGFACE_SERVER may have no model to fetch", () => {
  const added = additionsOf(contextFor({ spec: { protocol: "v2" }, graph: { implementation: "HUGGINGFACE_SERVER" } }));
  assert.deepEqual(added.initContainers, []);
  assert.deepEqual(added.volumes, []);
});

test("a probe of the user's own stays", () => {
  const readinessProbe = { httpGet: { path: "/mine", port: 9000 } };
  const graph = { implementation: "SKLEARN_SERVER", modelUri: URI };
  const added = additionsOf(
    contextFor({ spec: { protocol: "v2" }, graph, predictor: componentSpecs({ readinessProbe }) }),
  );
  assert.deepEqual(added.container.readinessProbe, readinessProbe);
});

for (const transport of ["rest", "grpc"] as const) {
  test(`TENSORFLOW_SERVER with protocol tensorflow over ${transport} is TensorFlow Serving itself`, () => {
    const spec = { protocol: "tensorflow", transport };
    const added = additionsOf(contextFor({ spec, graph: { implementation: "TENSORFLOW_SERVER", modelUri: URI } }));
    assert.equal(added.container.image, "tensorflow/serving:2.1.0");
    assert.deepEqual(added.container.args, [
      "--port=9500",
      "--rest_api_port=9000",
      "--model_name=model",
      "--model_base_path=/mnt/models",
    ]);
    assert.deepEqual(added.sidecars, []);
    assert.equal(added.initContainers[0]?.name, "model-model-initializer");
  });
}

test("TENSORFLOW_SERVER with protocol seldon is a proxy and TensorFlow Serving beside it", () => {
  const given = contextFor({ graph: { implementation: "TENSORFLOW_SERVER", modelUri: URI } });
  const added = additionsOf(given);
  assert.equal(added.container.image, "seldonio/tfserving-proxy:1.17.1");
  assert.deepEqual(JSON.parse(variableOf(added, PARAMETERS) ?? ""), [
    { name: "rest_endpoint", value: "http://0.0.0.0:2001", type: "STRING" },
    { name: "grpc_endpoint", value: "0.0.0.0:2000", type: "STRING" },
    { name: "model_name", value: "model", type: "STRING" },
  ]);
  const [sidecar, ...others] = added.sidecars;
  assert.deepEqual(others, []);
  assert.equal(sidecar?.name, "tfserving");
  assert.equal(sidecar.image, "tensorflow/serving:2.1.0");
  assert.deepEqual(sidecar.args?.slice(0, 2), ["--port=2000", "--rest_api_port=2001"]);
  assert.deepEqual(sidecar.volumeMounts, [
    { name: "tfserving-provision-location", mountPath: "/mnt/models", readOnly: true },
  ]);
  assert.equal(added.initContainers[0]?.name, "tfserving-model-initializer");
  assert.ok(!added.container.volumeMounts?.some(({ mountPath }) => mountPath === "/mnt/models"));
});

test("a user's own tfserving container keeps what it says", () => {
  const containers = [{ name: "model" }, { name: "tfserving", image: "mine:2", args: ["--x"], workingDir: "/w" }];
  const predictor = { componentSpecs: [{ spec: { containers } }] };
  const added = additionsOf(contextFor({ predictor, graph: { implementation: "TENSORFLOW_SERVER", modelUri: URI } }));
  const [sidecar] = added.sidecars;
  assert.equal(sidecar?.image, "mine:2");
  assert.deepEqual(sidecar.args, ["--x"]);
  assert.equal(sidecar.workingDir, "/w");
});

test("two TensorFlow models in a pod have servers and ports of their own", () => {
  const child = { name: "second", implementation: "TENSORFLOW_SERVER", modelUri: "gs://models/b" };
  const given = contextFor({ graph: { implementation: "TENSORFLOW_SERVER", modelUri: URI, children: [child] } });
  const second = additionsOf(given, "second");
  assert.equal(second.sidecars[0]?.name, "tfserving-2");
  assert.deepEqual(second.sidecars[0].args?.slice(0, 2), ["--port=2002", "--rest_api_port=2003"]);
  assert.match(variableOf(second, PARAMETERS) ?? "", /0\.0\.0\.0:2003/);
  assert.equal(second.initContainers[0]?.name, "tfserving-2-model-initializer");
});

const TRITON = { implementation: "TRITON_SERVER", modelUri: "gs://models/triton" };

test("TRITON_SERVER reads the downloaded repository and keeps its metrics port", () => {
  const added = additionsOf(contextFor({ spec: { protocol: "v2" }, graph: TRITON }));
  assert.equal(added.container.image, "nvcr.io/nvidia/tritonserver:21.08-py3");
  assert.deepEqual(added.container.args, [
    "/opt/tritonserver/bin/tritonserver",
    "--grpc-port=9500",
    "--http-port=9000",
    "--model-repository=/mnt/models",
    "--strict-model-config=false",
  ]);
  assert.equal(added.container.readinessProbe?.httpGet?.path, "/v2/health/ready");
  assert.ok(added.container.ports?.some(({ name }) => name === "metrics"));
  assert.equal(added.initContainers.length, 1);
});

test("TRITON_SERVER without storage initializer fetches by itself, with the secret", () => {
  const parameters = [
    { name: "model_control_mode", value: "explicit", type: "STRING" },
    { name: "load_model", value: "simple", type: "STRING" },
  ];
  const annotations = { "seldon.io/no-storage-initializer": "true" };
  const graph = { ...TRITON, parameters, envSecretRefName: "s3" };
  const added = additionsOf(contextFor({ spec: { protocol: "v2", annotations }, graph }));
  assert.deepEqual(added.container.args, [
    "/opt/tritonserver/bin/tritonserver",
    "--grpc-port=9500",
    "--http-port=9000",
    "--model-repository=gs://models/triton",
    "--strict-model-config=false",
    "--model-control-mode=explicit",
    "--load-model=simple",
  ]);
  assert.deepEqual(added.container.envFrom, [{ secretRef: { name: "s3" } }]);
  assert.deepEqual(added.initContainers, []);
  assert.deepEqual(added.volumes, []);
});

for (const implementation of ["TRITON_SERVER", "HUGGINGFACE_SERVER", "TEMPO_SERVER"]) {
  test(`${implementation} with protocol seldon is a problem, unless its container has an image`, () => {
    const graph = { implementation, modelUri: URI };
    const bare = contextFor({ graph });
    additionsOf(bare);
    assert.deepEqual(
      bare.findings.map(({ code, at }) => [code, at.join(".")]),
      [["ServerImageMissing", "spec.predictors.0.graph"]],
    );
    const own = contextFor({ graph, predictor: componentSpecs({ image: "mine:1" }) });
    additionsOf(own);
    assert.deepEqual(own.findings, []);
  });
}

test("a server of the user's own comes from the configured table", () => {
  const image = { image: "repo/lightgbm", defaultImageVersion: "0.1" };
  const predictorServers = { LIGHTGBM_SERVER: { protocols: { seldon: image, tensorflow: image } } };
  for (const protocol of ["seldon", "tensorflow"]) {
    const graph = { implementation: "LIGHTGBM_SERVER", modelUri: URI };
    const added = additionsOf(contextFor({ spec: { protocol }, graph, workloads: { predictorServers } }));
    assert.equal(added.container.image, "repo/lightgbm:0.1");
    assert.match(variableOf(added, PARAMETERS) ?? "", /"model_uri"/);
  }
});

test("any node with a model gets it, without a server's additions", () => {
  const predictor = componentSpecs({ image: "mine:1" });
  const graph = { type: "MODEL", modelUri: URI, serviceAccountName: "ignored" };
  const added = additionsOf(contextFor({ graph, predictor }));
  assert.equal(added.initContainers.length, 1);
  assert.equal(added.serviceAccountName, undefined);
  assert.equal(added.container.env, undefined);
});

test("a node without server or model is left as it is", () => {
  const given = contextFor({ graph: { type: "MODEL" }, predictor: componentSpecs({ image: "mine:1" }) });
  const added = additionsOf(given);
  assert.equal(added.container, given.predictor.componentSpecs[0]?.spec.containers[0]);
});

test("the node's own initializer image, secret and account win over the operator's", () => {
  const bare = { implementation: "MLFLOW_SERVER", modelUri: URI };
  const graph = {
    ...bare,
    storageInitializerImage: "mine:init",
    envSecretRefName: "own-secret",
    serviceAccountName: "loader",
  };
  const added = additionsOf(contextFor({ graph, workloads: { defaultEnvSecretName: "everyone" } }));
  assert.equal(added.initContainers[0]?.image, "mine:init");
  assert.deepEqual(added.initContainers[0].envFrom, [{ secretRef: { name: "own-secret" } }]);
  assert.equal(added.serviceAccountName, "loader");
  const storageInitializer = { ...DEFAULT_WORKLOAD_OPTIONS.storageInitializer, image: "operator:init", cpuLimit: "" };
  const other = additionsOf(
    contextFor({ graph: bare, workloads: { defaultEnvSecretName: "everyone", storageInitializer } }),
  );
  assert.equal(other.initContainers[0]?.image, "operator:init");
  assert.deepEqual(other.initContainers[0].envFrom, [{ secretRef: { name: "everyone" } }]);
  assert.deepEqual(other.initContainers[0].resources?.["limits"], { memory: "1Gi" });
});

test("pvc:// mounts the claim and reads the model from it", () => {
  const added = additionsOf(contextFor({ graph: { implementation: "SKLEARN_SERVER", modelUri: "pvc://claim/a/b" } }));
  const mount = { name: "kfserving-pvc-source", mountPath: "/mnt/pvc", readOnly: true };
  assert.deepEqual(added.initContainers[0]?.args, ["/mnt/pvc/a/b", "/mnt/models"]);
  assert.deepEqual(added.initContainers[0].volumeMounts?.[0], mount);
  assert.ok(added.container.volumeMounts?.some((one) => JSON.stringify(one) === JSON.stringify(mount)));
  assert.deepEqual(added.volumes[0], {
    name: "kfserving-pvc-source",
    persistentVolumeClaim: { claimName: "claim" },
  });
});

test("two claims in a pod have volumes of their own, one claim has one", () => {
  const child = (name: string, modelUri: string) => ({ name, implementation: "SKLEARN_SERVER", modelUri });
  const children = [child("same", "pvc://one/b"), child("other", "pvc://two")];
  const given = contextFor({ graph: { implementation: "SKLEARN_SERVER", modelUri: "pvc://one/a", children } });
  assert.equal(additionsOf(given, "same").volumes[0]?.name, "kfserving-pvc-source");
  const other = additionsOf(given, "other");
  assert.equal(other.volumes[0]?.name, "kfserving-pvc-source-2");
  assert.deepEqual(other.initContainers[0]?.args, ["/mnt/pvc/", "/mnt/models"]);
});

test("names of init containers and volumes are cut at 63 characters, without a dash at the end", () => {
  const name = `m${"x".repeat(61)}`;
  const added = additionsOf(contextFor({ graph: { name, implementation: "SKLEARN_SERVER", modelUri: URI } }));
  assert.equal(added.initContainers[0]?.name, name);
  assert.equal(added.volumes[0]?.name, name);
});

test("Secrets of the service account give the download its credentials", () => {
  const asked: string[] = [];
  const credentialsOf = (account: string) => {
    asked.push(account);
    return [{ name: "s3", keys: ["awsAccessKeyID", "awsSecretAccessKey"] }];
  };
  const graph = { implementation: "SKLEARN_SERVER", modelUri: URI };
  const spec = { serviceAccountName: "pod-account", containers: [{ name: "model" }] };
  const first = additionsOf(contextFor({ graph, context: { credentialsOf } }));
  additionsOf(contextFor({ graph, predictor: { componentSpecs: [{ spec }] }, context: { credentialsOf } }));
  additionsOf(contextFor({ graph: { ...graph, serviceAccountName: "own" }, context: { credentialsOf } }));
  assert.deepEqual(asked, ["default", "pod-account", "own"]);
  assert.deepEqual(
    first.initContainers[0]?.env?.map(({ name }) => name),
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
  );
});
