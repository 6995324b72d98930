import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { loadDocuments } from "../model/load.ts";
import type { Checked } from "../problem/problem.ts";
import type { DeploymentPlan } from "./deployment-plan.ts";
import type { PlanOptions } from "./options.ts";
import { planDeployment } from "./plan-deployment.ts";

interface Predictor {
  readonly name: string;
  readonly [field: string]: unknown;
}

function predictor(name: string, fields: Readonly<Record<string, unknown>> = {}): Predictor {
  const componentSpecs = [{ spec: { containers: [{ name: "classifier", image: "classifier:1" }] } }];
  return { name, graph: { name: "classifier", type: "MODEL" }, componentSpecs, ...fields };
}

function planOf(
  predictors: readonly Predictor[],
  spec: Readonly<Record<string, unknown>> = {},
  options: Partial<PlanOptions> = {},
): Checked<DeploymentPlan | undefined> {
  const metadata = { name: "example", namespace: "seldon" };
  const object = { apiVersion: "machinelearning.seldon.io/v1", kind: "SeldonDeployment", metadata };
  const text = JSON.stringify({ ...object, spec: { ...spec, predictors } });
  const [deployment] = loadDocuments([{ file: "in.json", text }]).value.deployments;
  assert.ok(deployment?.accepted === true, JSON.stringify(deployment?.problems));
  return planDeployment(deployment, options);
}

function sound(checked: Checked<DeploymentPlan | undefined>): DeploymentPlan {
  assert.deepEqual(checked.problems, []);
  assert.ok(checked.value !== undefined);
  return checked.value;
}

test("one predictor takes everything, whether it says so or not", () => {
  assert.deepEqual(sound(planOf([predictor("main")])).split, [{ predictor: "main", weight: 100 }]);
  assert.deepEqual(sound(planOf([predictor("main", { traffic: 100 })])).split, [{ predictor: "main", weight: 100 }]);
});

test("a predictor with weight 0 stays in the split", () => {
  const plan = sound(planOf([predictor("blue", { traffic: 100 }), predictor("green")]));
  assert.deepEqual(plan.split, [
    { predictor: "blue", weight: 100 },
    { predictor: "green", weight: 0 },
  ]);
});

test("a negative share stops the deployment and says where", () => {
  const { value, problems } = planOf([predictor("a", { traffic: 110 }), predictor("b", { traffic: -10 })]);
  assert.equal(value, undefined);
  assert.deepEqual(
    problems.map(({ code, severity, path }) => ({ code, severity, path })),
    [{ code: "TrafficNegative", severity: "error", path: "spec.predictors[1].traffic" }],
  );
});

test("a shadow's share: 0 and absent copy everything", () => {
  for (const [traffic, percent] of [
    [undefined, 100],
    [0, 100],
    [20, 20],
    [100, 100],
  ] as const) {
    const shadow = predictor("copy", traffic === undefined ? { shadow: true } : { shadow: true, traffic });
    const plan = sound(planOf([predictor("main", { traffic: 100 }), shadow]));
    assert.deepEqual(plan.shadows, [{ predictor: "copy", percent }]);
    assert.deepEqual(plan.split, [{ predictor: "main", weight: 100 }]);
  }
});

test("a node that only the orchestrator can run needs one", () => {
  const graph = { name: "simple", implementation: "SIMPLE_MODEL" };
  const alone = { name: "main", graph, annotations: { "seldon.io/no-engine": "true" } };
  const { value, problems } = planOf([alone]);
  assert.equal(value, undefined);
  assert.deepEqual(
    problems.map((one) => one.code),
    ["NodeNeedsOrchestrator"],
  );
});

test("what would make a proxy refuse everybody's routes stops its own deployment", () => {
  for (const host of ["a b", "foo*bar", "*", "models.example.com:80", "%REQ(x)%", "x\ny"]) {
    const { value, problems } = planOf([predictor("main")], { annotations: { "seldon.io/istio-host": host } });
    assert.equal(value === undefined, host !== "*", host);
    assert.deepEqual(
      problems.map((one) => one.code),
      host === "*" ? [] : ["HostInvalid"],
    );
  }
  for (const name of ["a%b", "a b", "a/b", "é", "a\nb"]) {
    const { value, problems } = planOf([predictor(name)]);
    assert.equal(value, undefined, name);
    assert.deepEqual(
      problems.map(({ code, path }) => ({ code, path })),
      [{ code: "PredictorNameUnfit", path: "spec.predictors[0].name" }],
    );
  }
});

test("numbers beyond every wire format are cut to what can be passed on", () => {
  const huge = String(Number.MAX_SAFE_INTEGER);
  const keys = ["istio-retries", "istio-retries-timeout", "rest-timeout", "grpc-timeout", "grpc-max-message-size"];
  const annotations = Object.fromEntries(keys.map((key) => [`seldon.io/${key}`, huge]));
  const plan = sound(planOf([predictor("main", { traffic: 2_147_483_647 })], { annotations }));
  const most = 2_147_483_647;
  assert.deepEqual(plan.retry, { attempts: most, perTryTimeoutMs: most });
  const { restTimeoutMs, grpcTimeoutMs, grpcMaxMessageBytes } = plan.predictors[0]?.orchestratorSettings ?? {};
  assert.deepEqual([restTimeoutMs, grpcTimeoutMs, grpcMaxMessageBytes], [most, most, most]);
  assert.deepEqual(plan.split, [{ predictor: "main", weight: 100 }]);
});

test("hosts may be several, in any letter case", () => {
  const annotations = { "seldon.io/istio-host": "Models.Example.com, *.two.example.com" };
  assert.deepEqual(sound(planOf([predictor("main")], { annotations })).hosts, [
    "models.example.com",
    "*.two.example.com",
  ]);
});

test("an explainer is a part of its predictor, one without a type is none", () => {
  const explained = predictor("main", { explainer: { type: "AnchorTabular" } });
  assert.equal(sound(planOf([explained])).predictors[0]?.explainer?.serviceName, "example-main-explainer");
  assert.equal(sound(planOf([predictor("main", { explainer: {} })])).predictors[0]?.explainer, undefined);
});

test("Ambassador's retries hold where Istio's say nothing, without a time per try", () => {
  const retryOf = (annotations: Readonly<Record<string, string>>) =>
    sound(planOf([predictor("main")], { annotations })).retry;
  const ambassador = { "seldon.io/ambassador-retries": "4" };
  assert.deepEqual(retryOf(ambassador), { attempts: 4 });
  assert.deepEqual(retryOf({ ...ambassador, "seldon.io/istio-retries": "2" }), { attempts: 2, perTryTimeoutMs: 1000 });
  assert.equal(retryOf({ ...ambassador, "seldon.io/istio-retries": "0" }), undefined);
  assert.equal(retryOf({ "seldon.io/ambassador-retries": "0" }), undefined);
});

test("circuit breakers are read where they are given", () => {
  const breakersOf = (annotations: Readonly<Record<string, string>>) =>
    sound(planOf([predictor("main")], { annotations })).circuitBreakers;
  assert.equal(breakersOf({}), undefined);
  const prefix = "seldon.io/ambassador-circuit-breakers-";
  assert.deepEqual(breakersOf({ [`${prefix}max-connections`]: "3", [`${prefix}max-retries`]: "99999999999" }), {
    maxConnections: 3,
    maxRetries: 2_147_483_647,
  });
});

test("no-engine false is an orchestrator like any other", () => {
  const plan = sound(planOf([predictor("main", { annotations: { "seldon.io/no-engine": "false" } })]));
  assert.equal(plan.predictors[0]?.orchestrator, "sidecar");
  assert.equal(plan.predictors[0].httpPort, 8000);
});

test("settings of the operator", () => {
  const options = {
    gateway: "a/b",
    clusterDomain: "k8s.test",
    orchestratorHttpPort: 18000,
    orchestratorGrpcPort: 15001,
  };
  const plan = sound(planOf([predictor("main")], {}, options));
  assert.deepEqual(plan.gateways, ["a/b"]);
  assert.equal(plan.predictors[0]?.serviceHost, "example-main.seldon.svc.k8s.test");
  assert.equal(plan.predictors[0].httpPort, 18000);
  assert.equal(plan.predictors[0].grpcPort, 15001);
});

test("a node of its own transport keeps it, with probes on its port", () => {
  const graph = { name: "classifier", type: "MODEL", endpoint: { type: "GRPC" } };
  const [main] = sound(planOf([predictor("main", { graph })])).predictors;
  assert.ok(main?.graph.runs.in === "container");
  assert.equal(main.graph.runs.endpoint.transport, "grpc");
  const [container] = main.pods[0]?.containers ?? [];
  assert.deepEqual(container?.readinessProbe?.action, { kind: "tcpSocket", port: "grpc" });
  assert.ok(
    container.env.some((one) => "value" in one && one.name === "PREDICTIVE_UNIT_SERVICE_PORT" && one.value === "9500"),
  );
});

test("property: shares are those of the resource, in its order, whatever they are", () => {
  const weights = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 6 }).map((parts) => {
    const sum = parts.reduce((total, one) => total + one, 0);
    const scaled = parts.map((one) => (sum === 0 ? 0 : Math.floor((one * 100) / sum)));
    const rest = 100 - scaled.reduce((total, one) => total + one, 0);
    return scaled.map((one, index) => (index === 0 ? one + rest : one));
  });
  fc.assert(
    fc.property(weights, (shares) => {
      const plan = sound(planOf(shares.map((traffic, index) => predictor(`p${index}`, { traffic }))));
      assert.deepEqual(
        plan.split.map((one) => one.weight),
        shares,
      );
    }),
    { numRuns: 50 },
  );
});
