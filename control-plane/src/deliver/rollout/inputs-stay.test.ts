// Whoever is given a plan, an object or what the API server holds never edits it: what is frozen here throws at an edit.
// The simulations of this folder freeze what every step of a rollout is given.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { loadObjects } from "../../model/load.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { frozen } from "../../plan/frozen-for-tests.ts";
import { planDeployment } from "../../plan/plan-deployment.ts";
import { comparePlans } from "../../render/compare/compare-plans.ts";
import { ISTIO_CLUSTERS, OWN_CLUSTERS, renderFilterTable } from "../../render/filter-table/render.ts";
import { renderGatewayApi } from "../../render/gateway-api/render.ts";
import { renderIstio } from "../../render/istio/render.ts";
import { renderWorkloads } from "../../render/workloads/render-workloads.ts";
import { encodeResource } from "../../render/xds/encode.ts";
import { renderXds } from "../../render/xds/render.ts";
import { resourceOf } from "./manifests-for-tests.ts";

const flag = fc.boolean();
const predictor = fc.record({
  container: fc.constantFrom("classifier", "other"),
  image: fc.constantFrom("model:1", "model:2"),
  replicas: fc.nat(3),
  hpa: flag,
  pdb: flag,
  noEngine: flag,
  explainer: flag,
  parameter: fc.string(),
});
const spec = fc.record({
  predictors: fc.tuple(predictor, predictor, predictor),
  canary: fc.integer({ min: 0, max: 100 }),
  mirrored: fc.integer({ min: 1, max: 100 }),
  protocol: fc.constantFrom("seldon", "v2", "tensorflow"),
  separate: flag,
  headless: flag,
  policy: flag,
});
type Spec = typeof spec extends fc.Arbitrary<infer T> ? T : never;

const POLICY = {
  apiVersion: "graphway.dev/v1alpha1",
  kind: "RoutePolicy",
  metadata: { name: "policy", namespace: "seldon" },
  spec: {
    targetRef: { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: "example" },
    sticky: { keys: [{ header: "x-user" }, { cookie: "user" }] },
    rules: [{ name: "staff", match: { headers: [{ name: "x-staff", exact: "yes" }] }, predictor: "canary" }],
    retries: { attempts: 2 },
    fallback: ["main"],
  },
};

function plansOf({ predictors: [main, canary, shadow], policy, ...one }: Spec): readonly DeploymentPlan[] {
  const predictors = [
    { ...main, name: "main", weight: 100 - one.canary },
    { ...canary, name: "canary", weight: one.canary },
    { ...shadow, name: "shadow", weight: 0, shadow: one.mirrored },
  ];
  const values = [resourceOf({ ...one, predictors }), ...(policy ? [POLICY] : [])];
  const { value } = loadObjects(values.map((each) => frozen({ value: structuredClone(each) })));
  return value.deployments.flatMap((each) => (each.accepted ? (frozen(planDeployment(frozen(each))).value ?? []) : []));
}

test("property: reading, planning, rendering and comparing edit nothing that they are given", () => {
  let planned = 0;
  fc.assert(
    fc.property(spec, spec, (first, second) => {
      const [plans, others] = [plansOf(first), plansOf(second)];
      planned += plans.length;
      for (const plan of plans) {
        frozen(renderWorkloads(plan));
        renderIstio(plan);
        renderGatewayApi(plan);
      }
      for (const clusters of [OWN_CLUSTERS, ISTIO_CLUSTERS])
        renderFilterTable(plans, { role: "gateway", generation: 1n, clusters });
      renderXds(plans).value.map((resource) => encodeResource(resource).bytes);
      comparePlans(plans, others, 10);
    }),
    { numRuns: 60 },
  );
  assert.ok(planned > 30, `${planned} plans`);
});
