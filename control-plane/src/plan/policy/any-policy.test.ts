import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { planDeployment } from "../plan-deployment.ts";
import { hasErrors } from "../../problem/problem.ts";
import { loadObjects } from "../../model/load.ts";

const containers = [{ name: "model", image: "models/one:1" }];
const predictors = ["main", "canary"].map((name) => ({
  name,
  traffic: 50,
  graph: { name: "model", type: "MODEL" },
  componentSpecs: [{ spec: { containers } }],
}));
const deployment = {
  apiVersion: "machinelearning.seldon.io/v1",
  kind: "SeldonDeployment",
  metadata: { name: "one", namespace: "models" },
  spec: { predictors },
};
const targetRef = { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: "one" };

/** A plan of the two objects, or an error that says why not. */
function judge(spec: unknown): void {
  const policy = {
    apiVersion: "graphway.dev/v1alpha1",
    kind: "RoutePolicy",
    metadata: { name: "any", namespace: "models" },
    spec,
  };
  const { value, problems } = loadObjects([{ value: deployment }, { value: policy }]);
  const [one] = value.deployments;
  assert.ok(one !== undefined);
  if (one.accepted) {
    const planned = planDeployment(one);
    assert.ok(planned.value !== undefined || hasErrors(planned.problems));
    for (const rule of planned.value?.rules ?? []) {
      assert.ok(rule.percent > 0 && rule.percent <= 100 && rule.split.some(({ weight }) => weight > 0));
    }
    for (const shadow of planned.value?.shadows ?? []) assert.ok(shadow.percent > 0 && shadow.percent <= 100);
  } else assert.ok(hasErrors(problems));
  for (const problem of problems) assert.ok(problem.message !== "" && problem.hint !== "");
}

it("any JSON as spec leads to a plan or to a problem", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()), (spec, fields) => {
      judge(spec);
      judge({ ...fields, targetRef });
    }),
  );
});

const name = fc.constantFrom("main", "canary", "mian", "x-user", "X-User", "x-graphway-a", ":path", "a b", "");
const number = fc.constantFrom(-1, 0, 0.5, 1, 2, 50, 100, 101, 1e9, 1e300);
const leaf = fc.oneof(
  name,
  number,
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom("rest", "grpc", "POST", "5xx", "None"),
);
const names = [
  ...["header", "cookie", "query", "keys", "salt", "issue", "name", "exact", "prefix", "present", "headers", "cookies"],
  ...["method", "path", "transport", "predictor", "percent", "split", "weight", "match", "beside", "maxBodyBytes"],
  ...["attempts", "perTryTimeoutMs", "http", "grpc", "statuses", "budget", "minConcurrency", "defaultMs", "maxMs"],
  ...[
    "requestsPerSecond",
    "burst",
    "concurrency",
    "maxPercent",
    "allow",
    "grants",
    "secretSha256",
    "claim",
    "namespace",
  ],
];
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: "medium" },
    leaf,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names), tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const part = fc.constantFrom(
  "sticky",
  "rules",
  "shadows",
  "retries",
  "deadline",
  "fallback",
  "limits",
  "force",
  "explain",
);

it("so do the fields of a policy in any place with any value", () => {
  fc.assert(
    fc.property(fc.dictionary(part, value, { noNullPrototype: true }), (spec) => {
      judge({ ...spec, targetRef });
    }),
    { numRuns: 500 },
  );
});

const share = fc.record({ predictor: fc.constantFrom("main", "canary"), weight: fc.integer({ min: 0, max: 2 }) });
const test = fc.record({ name: fc.constantFrom("a", "b"), exact: fc.constantFrom("1", "2") });
const rule = fc.record(
  {
    match: fc.record({ headers: fc.array(test, { maxLength: 2 }) }),
    percent: fc.integer({ min: 0, max: 100 }),
    predictor: fc.constantFrom("main", "canary"),
    split: fc.array(share, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
);

it("and rules that are nearly right", () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 4 }), (rules) => {
      judge({ targetRef, rules });
    }),
  );
});
