import { Ajv } from "ajv";
import { load } from "js-yaml";
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { DEFAULT_PREDICTOR_SERVERS } from "../../../control-plane/src/model/defaults/predictor-servers.ts";
import { readSeldonConfig } from "../../../control-plane/src/model/seldon-config.ts";
import { DEFAULT_PLAN_OPTIONS } from "../../../control-plane/src/plan/options.ts";
import { withSeldonConfig } from "../../../control-plane/src/plan/seldon-config-options.ts";
import { DEFAULT_WORKLOAD_OPTIONS } from "../../../control-plane/src/plan/workload-options.ts";
import { IMAGE_TAG, imageName, programNamed } from "../../images/programs.ts";
import { CHART } from "./chart-values.ts";
import { generatedFiles } from "./generated.ts";

interface Values {
  readonly predictor_servers: unknown;
  readonly storageInitializer: unknown;
  readonly explainer: unknown;
  readonly credentials: unknown;
  readonly image: Image;
  readonly executor: { readonly image: Image };
  readonly gateway: { readonly image: Image };
  readonly istio: { readonly gateway: string };
}

interface Image {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
}

function textOf(file: string): string {
  return readFileSync(join(CHART, file), "utf8");
}

const values = load(textOf("values.yaml")) as Values;

describe("the chart's values", () => {
  it("are what their page, schema and list of known keys say", async () => {
    for (const [path, expected] of await generatedFiles())
      assert.equal(
        readFileSync(path, "utf8"),
        expected,
        `${path} is out of date: run node deploy/helm/scripts/write-docs.ts`,
      );
  });

  it("satisfy their own schema, and the schema refuses what it must", () => {
    const validate = new Ajv({ allowUnionTypes: true }).compile(JSON.parse(textOf("values.schema.json")) as object);
    assert.equal(validate(values), true, JSON.stringify(validate.errors));
    assert.equal(validate({ executor: { user: "" }, engine: { port: 8000 } }), true);
    assert.equal(validate({ manager: { drain: 0 }, orchestrator: { shutdownDelay: "1m30s" } }), true);
    for (const wrong of [
      { istio: { filter: { enabled: "x" } } },
      { istio: { enabled: "yes" } },
      { istio: { tlsMode: "STRICT" } },
      { istio: { mesh: { identity: "word" } } },
      { istio: { mesh: { mtls: "DISABLE" } } },
      { webhook: { port: "x" } },
      { manager: { drain: 20 } },
      { manager: { drain: "20" } },
      { orchestrator: { shutdownDelay: "5 s" } },
    ])
      assert.equal(validate(wrong), false, JSON.stringify(wrong));
  });

  it("name the images that are made", () => {
    const nameOf = ({ registry, repository, tag }: Image): string => `${registry}/${repository}:${tag}`;
    assert.equal(nameOf(values.image), imageName(programNamed("control-plane")));
    assert.equal(nameOf(values.executor.image), imageName(programNamed("orchestrator")));
    // Envoy as it is, by deploy/images/envoy.Dockerfile.
    assert.equal(nameOf(values.gateway.image), `docker.io/graphway/envoy:${IMAGE_TAG}`);
  });

  it("are the defaults of the program", () => {
    const keys = ["predictor_servers", "storageInitializer", "explainer", "credentials"] as const;
    const { value, problems } = readSeldonConfig(
      Object.fromEntries(keys.map((key) => [key, JSON.stringify(values[key])])),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(value.predictorServers, DEFAULT_PREDICTOR_SERVERS);
    assert.deepEqual(withSeldonConfig(DEFAULT_WORKLOAD_OPTIONS, value), DEFAULT_WORKLOAD_OPTIONS);
    assert.equal(values.istio.gateway, DEFAULT_PLAN_OPTIONS.gateway);
  });
});

describe("the chart", () => {
  it("has the version of its images", () => {
    const { version, appVersion } = load(textOf("Chart.yaml")) as { version: string; appVersion: string };
    assert.deepEqual([version, appVersion], [values.image.tag, values.image.tag]);
  });

  it("finds where annotations go in every CustomResourceDefinition", () => {
    const files = globSync(join(CHART, "files", "crds", "*.yaml"));
    assert.equal(files.length, 2);
    for (const file of files) assert.equal([...readFileSync(file, "utf8").matchAll(/^metadata: \{/gm)].length, 1, file);
  });
});
