import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { load } from "js-yaml";
import { listProblemCases } from "../../model/problem-cases-for-tests.ts";
import { DEFAULT_MODEL_SETTINGS } from "../../model/settings.ts";
import { readAdmissionReview, type AdmissionResponse } from "./admission-review.ts";
import type { ReviewedKind } from "./kinds.ts";
import { reviewAdmission } from "./review.ts";
import { objectOfCase, reviewOf } from "./reviews-for-tests.ts";

const TESTDATA = new URL("./testdata/", import.meta.url);

type Fields = Readonly<Record<string, unknown>>;

function answer(
  object: Fields | null,
  request: Fields = {},
  kind: ReviewedKind = "SeldonDeployment",
): AdmissionResponse {
  const read = readAdmissionReview(reviewOf(object, request));
  assert.ok(read !== undefined);
  return reviewAdmission(kind, read, DEFAULT_MODEL_SETTINGS).response;
}

const componentSpecs = [{ spec: { containers: [{ name: "model", image: "models/one:1" }] } }];

/** A deployment that is good but for these fields. */
function deployment(spec: Fields = {}, metadata: Fields = {}): Fields {
  return {
    apiVersion: "machinelearning.seldon.io/v1",
    kind: "SeldonDeployment",
    metadata: { name: "example", namespace: "default", ...metadata },
    spec: { predictors: [{ name: "main", graph: { name: "model" }, componentSpecs }], ...spec },
  };
}

function policy(spec: Fields): Fields {
  return { apiVersion: "graphway.dev/v1alpha1", kind: "RoutePolicy", metadata: { name: "sticky" }, spec };
}

describe("Seldon's rules, refused as Seldon 1.17.1 refuses them", () => {
  const cases = readdirSync(TESTDATA).map((file) => file.replace(".yaml", ""));
  it("each has a case", () => {
    const rules = listProblemCases().filter((name) => name.startsWith("rule-"));
    assert.deepEqual(
      rules.filter((name) => !cases.includes(name)),
      [],
    );
    assert.ok(rules.length >= 21);
  });
  for (const name of cases) {
    it(name, () => {
      const golden = load(readFileSync(new URL(`${name}.yaml`, TESTDATA), "utf8"));
      const { allowed, status } = answer(objectOfCase(name));
      assert.deepEqual({ allowed, ...status }, golden);
    });
  }
});

describe("a review", () => {
  it("is answered for its uid, and allowed when nothing speaks against the object", () => {
    assert.deepEqual(answer(deployment(), { uid: "u1" }), {
      uid: "u1",
      allowed: true,
      status: { status: "Success", code: 200 },
    });
  });

  it("in any version is judged alike", () => {
    for (const version of ["v1", "v1alpha2", "v1alpha3"]) {
      const apiVersion = `machinelearning.seldon.io/${version}`;
      assert.equal(answer({ ...deployment(), apiVersion }).allowed, true);
      assert.equal(answer({ ...deployment({ protocol: "x" }), apiVersion }).allowed, false);
    }
  });

  it("names the deployment by spec.name, as Seldon does, and by its own name without one", () => {
    assert.equal(answer(deployment({ protocol: "x" }), { name: "iris" }).status?.details?.name, "iris");
    const { status } = answer(deployment({ name: "old name", protocol: "x" }));
    assert.equal(status?.details?.name, "old name");
    assert.match(status.message ?? "", /^SeldonDeployment\.machinelearing\.seldon\.io "old name" is invalid: spec: /);
  });

  it("says how to put a refused object right, where Seldon's words leave no room for it", () => {
    const { warnings } = answer(objectOfCase("rule-10-container"));
    assert.match((warnings ?? []).join("\n"), /graph\[0\]\[1\]|is "model" meant\?/);
  });

  it("of DELETE is allowed, as is any change to what is being deleted", () => {
    assert.equal(answer(null, { operation: "DELETE", oldObject: deployment({ predictors: [] }) }).allowed, true);
    const going = deployment({ predictors: [] }, { deletionTimestamp: "2026-01-01T00:00:00Z" });
    assert.equal(answer(going, { operation: "UPDATE" }).allowed, true);
    assert.equal(answer(deployment({ predictors: [] }), { operation: "UPDATE" }).allowed, false);
  });

  it("without an object is refused", () => {
    assert.deepEqual(answer(null).status, {
      status: "Failure",
      code: 400,
      reason: "BadRequest",
      message: "the review has no object",
    });
  });

  it("of an object whose name is yet to be made is allowed", () => {
    const unnamed = { ...deployment(), metadata: { generateName: "example-" } };
    assert.equal(answer(unnamed, { name: "" }).allowed, true);
  });

  it("lets pass with a warning what Seldon would run and we would not", () => {
    const graph = {
      name: "model",
      implementation: "SIMPLE_MODEL",
      parameters: [{ name: "onError", value: "whatever", type: "STRING" }],
    };
    const { allowed, warnings } = answer(deployment({ predictors: [{ name: "main", graph }] }));
    assert.equal(allowed, true);
    assert.match((warnings ?? [])[0] ?? "", /onError/);
  });

  it("refuses what the API server's schema does not look at", () => {
    const { status } = answer(objectOfCase("graph-21-levels"));
    assert.match(status?.details?.causes[0]?.message ?? "", /more than 20 levels/);
  });

  it("has few and short warnings, without control characters", () => {
    const predictors = Array.from({ length: 60 }, (_, index) => ({
      name: `BAD\u0007${index}${"x".repeat(400)}`,
      traffic: index === 0 ? 100 : 0,
      graph: { name: "model", implementation: "SIMPLE_MODEL" },
    }));
    const { allowed, warnings = [] } = answer(deployment({ predictors }));
    assert.equal(allowed, true);
    assert.ok(warnings.length <= 15 && warnings.length > 5);
    assert.ok(warnings.join("").length < 4096);
    assert.ok(warnings.every((one) => one.length <= 256 && !/\p{Cc}/u.test(one)));
    assert.match(warnings.at(-1) ?? "", /^and \d+ more$/);
  });
});

describe("a RoutePolicy", () => {
  const targetRef = { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: "example" };

  it("is allowed before its target is there", () => {
    const response = answer(policy({ targetRef, sticky: { header: "x-user" } }), {}, "RoutePolicy");
    assert.deepEqual([response.allowed, response.warnings], [true, undefined]);
  });

  it("is refused when its key or target can't be meant", () => {
    const wrong = policy({ targetRef: { ...targetRef, kind: "Service" }, sticky: { header: "x", cookie: "y" } });
    const { allowed, status } = answer(wrong, { name: "sticky" }, "RoutePolicy");
    assert.equal(allowed, false);
    assert.deepEqual(
      status?.details?.causes.map(({ field }) => field),
      ["spec.targetRef", "spec.sticky"],
    );
    assert.deepEqual([status.details.group, status.details.name], ["graphway.dev", "sticky"]);
  });
});

describe("any body", () => {
  it("is answered or no review, and nothing else happens", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (body, object) => {
        assert.doesNotThrow(() => readAdmissionReview(body));
        const read = readAdmissionReview(reviewOf(object as Fields | null));
        assert.ok(read !== undefined);
        for (const kind of ["SeldonDeployment", "RoutePolicy"] as const) {
          const { response } = reviewAdmission(kind, read, DEFAULT_MODEL_SETTINGS);
          assert.equal(response.allowed, false);
        }
      }),
    );
  });
});
