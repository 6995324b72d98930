import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { describeForm, faultOf, readStickyKey } from "./annotation-values.ts";
import { ANNOTATIONS, findAnnotation, isOurKey, LEGACY_ANNOTATIONS } from "./annotations.ts";
import { readDeploymentAnnotations, readPodAnnotations, readPredictorAnnotations } from "./read-annotations.ts";

describe("the registry", () => {
  it("has each key once, all of them ours, with a place and a form", () => {
    assert.ok(ANNOTATIONS.length >= 25);
    assert.equal(new Set(ANNOTATIONS.map((row) => row.key)).size, ANNOTATIONS.length);
    for (const row of ANNOTATIONS) {
      assert.ok(isOurKey(row.key) && row.sites.length > 0 && describeForm(row.form) !== "", row.key);
      assert.equal(findAnnotation(row.key), row);
    }
    for (const key of LEGACY_ANNOTATIONS) assert.equal(findAnnotation(key), undefined);
  });

  it("finds no fault and never throws for texts that fit", () => {
    fc.assert(
      fc.property(fc.constantFrom(...ANNOTATIONS), fc.string(), (row, value) => {
        const fault = faultOf(row.form, value);
        assert.ok(fault === undefined || fault.length > 0);
      }),
    );
  });
});

describe("sticky keys", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["header:X-User", { kind: "header", name: "x-user" }],
    ["cookie:UID", { kind: "cookie", name: "UID" }],
    ["query:user", { kind: "query", name: "user" }],
    ["query:a:b", { kind: "query", name: "a:b" }],
    ["header: x-user", { kind: "header", name: "x-user" }],
    ["header:", undefined],
    ["header:x user", undefined],
    ["header::path", undefined],
    ["cookie:a;b", undefined],
    ["query:a=b", undefined],
    ["body:x", undefined],
    ["x-user", undefined],
    ["", undefined],
  ];
  for (const [text, expected] of cases) {
    it(JSON.stringify(text), () => {
      assert.deepEqual(readStickyKey(text), expected);
    });
  }
});

describe("reading annotations", () => {
  const read = (spec: Record<string, string>, metadata: Record<string, string> = {}) =>
    readDeploymentAnnotations({ metadata: { annotations: metadata }, spec: { annotations: spec } });

  it("has Seldon's values when nothing is set", () => {
    assert.deepEqual(readDeploymentAnnotations({ metadata: {}, spec: {} }), {
      engineSeparatePod: false,
      noStorageInitializer: false,
      headlessService: false,
      circuitBreakers: {},
      engineEnv: {},
    });
    assert.deepEqual(readPredictorAnnotations({}), { noEngine: false });
    assert.deepEqual(readPodAnnotations({ metadata: {}, spec: {} }, {}, 0), {});
  });

  it("prefers spec.annotations to metadata.annotations", () => {
    const both = read(
      { "seldon.io/istio-host": "a" },
      { "seldon.io/istio-host": "b", "seldon.io/istio-gateway": "mesh" },
    );
    assert.equal(both.istioHost, "a");
    assert.equal(both.istioGateway, "mesh");
  });

  it("reads switches that stand in spec.annotations only from there", () => {
    const key = "seldon.io/engine-separate-pod";
    assert.equal(read({ [key]: "True" }).engineSeparatePod, true);
    assert.equal(read({}, { [key]: "true" }).engineSeparatePod, false);
    assert.equal(read({ [key]: "yes" }).engineSeparatePod, false);
    assert.equal(read({ "seldon.io/headless-svc": "x" }).headlessService, true);
  });

  it("retries only when the number of attempts is above 0, one second each by default", () => {
    assert.deepEqual(read({ "seldon.io/istio-retries": "3" }).retries, { attempts: 3, perTryTimeoutMs: 1000 });
    const own = read({ "seldon.io/istio-retries": "2", "seldon.io/istio-retries-timeout": "5" });
    assert.deepEqual(own.retries, { attempts: 2, perTryTimeoutMs: 5000 });
    for (const value of ["0", "-1", "three", "1.5", "0x3", ""]) {
      assert.equal(read({ "seldon.io/istio-retries": value }).retries, undefined, value);
    }
    const bad = read({ "seldon.io/istio-retries": "2", "seldon.io/istio-retries-timeout": "0" });
    assert.equal(bad.retries?.perTryTimeoutMs, 1000);
  });

  it("turns seldon.io/engine-<x> of spec.annotations into variables, sorted", () => {
    const { engineEnv } = read(
      { "seldon.io/engine-log-level": "debug", "seldon.io/engine-a": "1", "seldon.io/engine-separate-pod": "true" },
      { "seldon.io/engine-b": "2" },
    );
    assert.deepEqual(Object.entries(engineEnv), [
      ["A", "1"],
      ["LOG_LEVEL", "debug"],
    ]);
  });

  it("reads what reaches pods: the componentSpec over the predictor over spec, never metadata", () => {
    const deployment = {
      metadata: { annotations: { "seldon.io/grpc-max-message-size": "1" } },
      spec: { annotations: { "seldon.io/rest-timeout": "1000", "seldon.io/grpc-timeout": "1000" } },
    };
    const predictor = {
      annotations: { "seldon.io/rest-timeout": "2000" },
      componentSpecs: [{}, { metadata: { annotations: { "seldon.io/rest-timeout": "3000" } } }],
    };
    assert.deepEqual(readPodAnnotations(deployment, predictor, 0), { restTimeoutMs: 2000, grpcTimeoutMs: 1000 });
    assert.deepEqual(readPodAnnotations(deployment, predictor, 1), { restTimeoutMs: 3000, grpcTimeoutMs: 1000 });
  });

  it("merges meta where a pod's annotation says true", () => {
    const read = (value: string) =>
      readPodAnnotations({ metadata: {}, spec: { annotations: { "graphway.dev/merge-meta": value } } }, {}, 0);
    assert.deepEqual([read("True"), read("false"), read("1")], [{ mergeMeta: true }, {}, {}]);
  });

  it("reads a predictor's own", () => {
    const annotations = { "seldon.io/no-engine": "TRUE", "seldon.io/svc-name": "shop" };
    assert.deepEqual(readPredictorAnnotations({ annotations }), { noEngine: true, serviceName: "shop" });
    assert.equal(readPredictorAnnotations({ annotations: { "seldon.io/no-engine": "no" } }).noEngine, false);
  });
});

describe("header matches", () => {
  const key = "seldon.io/ambassador-header";
  const takeover = (value: string) =>
    readDeploymentAnnotations({
      metadata: { annotations: { "seldon.io/ambassador-service-name": "other" } },
      spec: { annotations: { [key]: value } },
    }).takeover;

  it("are read with and without values", () => {
    assert.deepEqual(takeover("Location"), { deployment: "other", headers: [{ name: "location" }] });
    assert.deepEqual(takeover("location: london"), {
      deployment: "other",
      headers: [{ name: "location", value: "london" }],
    });
    assert.deepEqual(takeover("a:1:b:2")?.headers, [
      { name: "a", value: "1" },
      { name: "b", value: "2" },
    ]);
  });

  it("that cannot be read take nothing over", () => {
    for (const value of ["", ":", "a:1:b", "not a name:1"]) assert.equal(takeover(value), undefined, value);
  });
});
