import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_WORKLOAD_OPTIONS } from "./workload-options.ts";
import { withSeldonConfig } from "./seldon-config-options.ts";
import { serverImage } from "../model/defaults/server-image.ts";
import { readSeldonConfig, type SeldonConfig } from "../model/seldon-config.ts";
import { withSeldonServers } from "../model/seldon-servers.ts";
import { DEFAULT_MODEL_SETTINGS } from "../model/settings.ts";

/** As Seldon's Helm chart writes it. */
const DATA = {
  predictor_servers: JSON.stringify({
    LIGHTGBM_SERVER: { protocols: { seldon: { image: "repo/lightgbm", defaultImageVersion: "0.1" } } },
    SKLEARN_SERVER: { protocols: { kfserving: { image: "repo/mlserver" } } },
  }),
  storageInitializer: '{"image": "repo/init:2", "cpuLimit": 2, "memoryRequest": "5Mi"}',
  explainer: '{"image": "repo/explainer:1", "image_v2": "repo/explainer:2"}',
  credentials:
    '{"gcs": {"gcsCredentialFileName": "key.json"}, "s3": {"s3AccessKeyIDName": "id", "s3SecretAccessKeyName": "secret"}}',
};

function sound(data: Readonly<Record<string, string>>): SeldonConfig {
  const { value, problems } = readSeldonConfig(data);
  assert.deepEqual(problems, []);
  return value;
}

test("every key is read", () => {
  assert.deepEqual(sound(DATA), {
    predictorServers: {
      LIGHTGBM_SERVER: { protocols: { seldon: { image: "repo/lightgbm", defaultImageVersion: "0.1" } } },
      SKLEARN_SERVER: { protocols: { kfserving: { image: "repo/mlserver", defaultImageVersion: "" } } },
    },
    storageInitializer: { image: "repo/init:2", cpuLimit: "2", memoryRequest: "5Mi" },
    explainer: { image: "repo/explainer:1", imageV2: "repo/explainer:2" },
    credentials: { gcsFile: "key.json", s3AccessKeyId: "id", s3SecretAccessKey: "secret" },
  });
});

test("absent and empty keys have their defaults, others are left alone", () => {
  assert.deepEqual(sound({}), {});
  assert.deepEqual(sound({ explainer: "", somebody: "{" }), {});
});

for (const [what, text, line, column] of [
  ["text that ends too early", '{\n  "SKLEARN_SERVER": {', 2, 22],
  ["no JSON at all", "certainly not", 1, 1],
  ["a list", "[1]", 1, 1],
  ["a server that is none", '{\n "A": 5}', 2, 2],
  ["an image that is no text", '{"A": {"protocols":\n {"seldon": {"image": ["x"]}}}}', 2, 14],
  ["an image that is missing", '{"A": {"protocols":\n {"seldon": {}}}}', 2, 3],
  ["two values", "{}\n---\n{}", undefined, undefined],
] as const) {
  test(`${what}: a problem with its place, and what was known before stays`, () => {
    const before = sound({ predictor_servers: DATA.predictor_servers });
    const { value, problems } = readSeldonConfig({ ...DATA, predictor_servers: text }, before);
    const [first] = problems;
    assert.equal(first?.code, "SeldonConfigInvalid");
    assert.equal(first.severity, "warning");
    assert.equal(first.object, "seldon-config");
    assert.equal(first.path, "data.predictor_servers");
    assert.deepEqual([first.position?.line, first.position?.column], [line, column]);
    assert.deepEqual(value.predictorServers, before.predictorServers);
    assert.equal(value.storageInitializer?.image, "repo/init:2");
    assert.equal(readSeldonConfig({ predictor_servers: text }).value.predictorServers, undefined);
  });
}

test("the table of servers replaces the default one as a whole", () => {
  const { predictorServers } = withSeldonServers(DEFAULT_MODEL_SETTINGS, sound(DATA));
  assert.equal(serverImage(predictorServers, "LIGHTGBM_SERVER", undefined), "repo/lightgbm:0.1");
  assert.equal(serverImage(predictorServers, "SKLEARN_SERVER", "v2"), "repo/mlserver");
  assert.equal(serverImage(predictorServers, "XGBOOST_SERVER", "seldon"), "");
  assert.deepEqual(withSeldonServers(DEFAULT_MODEL_SETTINGS, {}), DEFAULT_MODEL_SETTINGS);
});

test("variables replace images of servers as a whole, per protocol", () => {
  const variables = {
    RELATED_IMAGE_SKLEARNSERVER: "mirror/sk@sha256:1",
    RELATED_IMAGE_SKLEARNSERVER_V2: "mirror/ml:2",
    RELATED_IMAGE_MLFLOWSERVER: "",
  };
  for (const config of [{}, sound(DATA)]) {
    const { predictorServers } = withSeldonServers(DEFAULT_MODEL_SETTINGS, config, variables);
    assert.equal(serverImage(predictorServers, "SKLEARN_SERVER", "seldon"), "mirror/sk@sha256:1");
    assert.equal(serverImage(predictorServers, "SKLEARN_SERVER", "v2"), "mirror/ml:2");
    assert.equal(serverImage(predictorServers, "SKLEARN_SERVER", "kfserving"), "mirror/ml:2");
  }
  const { predictorServers } = withSeldonServers(DEFAULT_MODEL_SETTINGS, {}, variables);
  assert.equal(serverImage(predictorServers, "MLFLOW_SERVER", "seldon"), "seldonio/mlflowserver:1.17.1");
});

test("workload options take the rest; variables win", () => {
  const variables = { RELATED_IMAGE_STORAGE_INITIALIZER: "mirror/init", RELATED_IMAGE_EXPLAINER_V2: "mirror/v2" };
  const options = withSeldonConfig(DEFAULT_WORKLOAD_OPTIONS, sound(DATA), variables);
  assert.deepEqual(options.storageInitializer, {
    image: "mirror/init",
    cpuRequest: "100m",
    cpuLimit: "2",
    memoryRequest: "5Mi",
    memoryLimit: "1Gi",
  });
  assert.deepEqual(options.explainer, { image: "repo/explainer:1", imageV2: "mirror/v2" });
  assert.equal(options.credentials.gcsFile, "key.json");
  assert.equal(options.credentials.s3AccessKeyId, "id");
  assert.ok(Object.hasOwn(options.predictorServers, "LIGHTGBM_SERVER"));
  assert.deepEqual(withSeldonConfig(DEFAULT_WORKLOAD_OPTIONS, {}), DEFAULT_WORKLOAD_OPTIONS);
});
