// RoutePolicies in a real API server: what it keeps, and what its own rules refuse, without the webhook.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { loadAll } from "js-yaml";
import { bringDefinitions, type Definitions } from "./definitions.ts";
import { clusterOfCheckout, Kubectl, type Fields } from "./kubectl.ts";

const NAMESPACE = `policy-${process.pid}`;
const CRD = fileURLToPath(
  new URL("../../deploy/helm/graphway/files/crds/routepolicies.graphway.dev.yaml", import.meta.url),
);
const FULL = new URL("../../control-plane/src/model/testdata/policy-full/in.yaml", import.meta.url);

const targetRef = { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: "example" };

function policy(spec: Fields): Fields {
  return {
    apiVersion: "graphway.dev/v1alpha1",
    kind: "RoutePolicy",
    metadata: { name: "example" },
    spec: { targetRef, ...spec },
  };
}

function matching(match: Fields): Fields {
  return { rules: [{ predictor: "main", match }] };
}

/** A cookie that is issued. */
function issuing(issue: Fields): Fields {
  return { sticky: { keys: [{ cookie: "uid", issue }] } };
}

const REFUSED: readonly (readonly [string, Fields, RegExp])[] = [
  ["another kind of target", { targetRef: { ...targetRef, kind: "Service" } }, /only a SeldonDeployment/],
  ["two keys", { sticky: { header: "a", cookie: "b" } }, /spec\.sticky: .*exactly one of header, cookie, query, keys/],
  ["no key", { sticky: { salt: "a" } }, /exactly one of header, cookie, query, keys/],
  ["no name of a header", { sticky: { header: "x user" } }, /not a name that a header can have/],
  ["a header of ours", { sticky: { header: "X-Graphway-Force" } }, /begin with x-graphway-/],
  ["no header at all", matching({ headers: [{ name: ":path", exact: "a" }] }), /not a name that a header can have/],
  ["a header that is issued", { sticky: { keys: [{ header: "a", issue: {} }] } }, /only a cookie can be issued/],
  ["a cookie browsers drop", issuing({ sameSite: "None" }), /None needs secure: true/],
  ["attributes by the path", issuing({ path: "/; Domain=example.com" }), /path must begin with a slash/],
  ["nobody who answers", { rules: [{ name: "a" }] }, /spec\.rules\[0\]: .*exactly one of predictor, split/],
  ["no weight", { rules: [{ split: [{ predictor: "a", weight: 0 }] }] }, /needs a weight above 0/],
  ["two tests at once", matching({ query: [{ name: "a", exact: "b", present: true }] }), /exactly one of exact/],
  ["a small method", matching({ method: "post" }), /a method in capitals/],
  ["names twice", { rules: ["a", "a"].map((name) => ({ name, predictor: "b" })) }, /two rules have the same name/],
  ["predictors twice", { shadows: [{ predictor: "a" }, { predictor: "a" }] }, /Duplicate value/],
  ["a shadow of itself", { shadows: [{ predictor: "a", beside: ["a"] }] }, /no predictor is its own shadow/],
  ["more than all", { rules: [{ predictor: "a", percent: 101 }] }, /less than or equal to 100/],
  ["an unknown condition", { retries: { attempts: 1, http: ["5x"] } }, /supported values: "5xx"/],
  ["a default above the maximum", { deadline: { defaultMs: 2, maxMs: 1 } }, /defaultMs is above maxMs/],
  ["a burst of nothing", { limits: { burst: 1 } }, /burst needs requestsPerSecond/],
  ["both allow and grants", { force: { allow: true, grants: [] } }, /exactly one of allow, grants/],
  [
    "a field unknown",
    matching({ header: [{ name: "a", exact: "b" }] }),
    /unknown field "spec\.rules\[0\]\.match\.header"/,
  ],
  ["too many rules", { rules: Array.from({ length: 65 }, () => ({ predictor: "a" })) }, /at most 64 items/],
];

describe("RoutePolicies in an API server", () => {
  let kubectl: Kubectl;
  let definitions: Definitions;

  before(async () => {
    kubectl = new Kubectl(await clusterOfCheckout(), NAMESPACE);
    definitions = await bringDefinitions(kubectl, ["routepolicies.graphway.dev"], { path: CRD });
    await kubectl.run(["create", "namespace", NAMESPACE]);
  });
  after(async () => {
    await kubectl.run(["delete", "namespace", NAMESPACE, `--wait=${definitions.brought}`]);
    await definitions.takeAway();
  });

  it("are kept with every field", async () => {
    const full = (loadAll(readFileSync(FULL, "utf8")) as readonly Fields[]).find(({ kind }) => kind === "RoutePolicy");
    assert.ok(full !== undefined);
    assert.deepEqual((await kubectl.json(["create", "--dry-run=server", "-f", "-"], full)).spec, full["spec"]);
  });

  for (const [name, spec, why] of REFUSED) {
    it(`are refused for ${name}`, async () => {
      const { ok, error } = await kubectl.try(["create", "--dry-run=server", "-f", "-"], policy(spec));
      assert.equal(ok, false);
      assert.match(error, why);
    });
  }

  it("are refused for a secret in plain text, which nobody is shown", async () => {
    for (const secretSha256 of ["hunter2", "hunter2".repeat(60)]) {
      const wrong = policy({ force: { grants: [{ secretSha256 }] } });
      const { ok, error } = await kubectl.try(["create", "--dry-run=server", "-f", "-"], wrong);
      assert.equal(ok, false);
      assert.match(error, /spec\.force\.grants\[0\]/);
      assert.ok(!error.includes("hunter2"), error);
    }
  });
});
