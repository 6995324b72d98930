import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import { until } from "../../../kubernetes-api/tests/until.ts";
import type { PolicyAncestor, PolicyStatus } from "../policy-status.ts";
import { predictorOf, startTestCluster, type TestCluster } from "./cluster-for-tests.ts";
import { undoAfterEach } from "./undo-for-tests.ts";

const undo = undoAfterEach();

const TWO = { predictors: [predictorOf("main", 75), predictorOf("canary", 25, "model:2")] };
const NAMESPACE = "models";
const OWN = "graphway.dev/control-plane";
const TRANSITION = "2026-01-01T00:00:00Z";

async function cluster(spec: object = TWO): Promise<TestCluster> {
  const made = await undo.stopping(startTestCluster());
  made.apply(spec);
  return made;
}

function put({ api }: TestCluster, name: string, spec: object, target = "iris", more: object = {}): void {
  const before = api.objects.get(RESOURCE.routePolicy, { namespace: NAMESPACE, name });
  const { apiVersion, kind } = RESOURCE.routePolicy;
  const targetRef = { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: target };
  api.objects.put(RESOURCE.routePolicy, {
    ...before,
    apiVersion,
    kind,
    metadata: { ...before?.metadata, namespace: NAMESPACE, name, ...more },
    spec: { targetRef, ...spec },
  });
}

function ancestorsOf({ api }: TestCluster, name: string): readonly PolicyAncestor[] {
  const policy = api.objects.get(RESOURCE.routePolicy, { namespace: NAMESPACE, name });
  return (policy?.["status"] as PolicyStatus | undefined)?.ancestors ?? [];
}

/** `Accepted=False/Invalid` and so on, of our own ancestor. */
function said(here: TestCluster, name: string): string {
  const own = ancestorsOf(here, name).find(({ controllerName }) => controllerName === OWN);
  return (own?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status}/${reason}`).join(" ");
}

function messageOf(here: TestCluster, name: string): string {
  return ancestorsOf(here, name).find(({ controllerName }) => controllerName === OWN)?.conditions[0]?.message ?? "";
}

async function says(here: TestCluster, name: string, words: string): Promise<void> {
  await until(() => said(here, name).startsWith(words), { saw: () => ancestorsOf(here, name) });
}

describe("the status of a RoutePolicy", () => {
  it("says that it is accepted, for its target and generation, and what is odd about it", async () => {
    const here = await cluster();
    put(here, "good", { rules: [{ predictor: "canary", percent: 0 }] });
    await here.start();
    await says(here, "good", "Accepted=True/Accepted Programmed=");
    const [ancestor] = ancestorsOf(here, "good");
    assert.deepEqual(ancestor?.ancestorRef, {
      group: "machinelearning.seldon.io",
      kind: "SeldonDeployment",
      namespace: NAMESPACE,
      name: "iris",
    });
    assert.match(messageOf(here, "good"), /spec\.rules\[0\]\.percent: rule rule-1 takes 0 %/);
    put(here, "good", { sticky: { header: "x-user" } });
    await until(() => !messageOf(here, "good").includes("rule-1"), {
      saw: () => ancestorsOf(here, "good"),
    });
    const policy = here.api.objects.get(RESOURCE.routePolicy, { namespace: NAMESPACE, name: "good" });
    assert.equal(ancestorsOf(here, "good")[0]?.conditions[0]?.observedGeneration, policy?.metadata.generation);
  });

  it("says what is wrong while the last good one stays in force, and that it is right again", async () => {
    const here = await cluster();
    put(here, "one", { sticky: { header: "x-user" } });
    await here.start();
    await says(here, "one", "Accepted=True");
    put(here, "one", { rules: [{ predictor: "nobody" }] });
    await says(here, "one", "Accepted=False/Invalid Programmed=False/NotAccepted");
    assert.match(messageOf(here, "one"), /spec\.rules\[0\]\.predictor: the deployment has no predictor nobody/);
    await until(() => here.status().state === "Failed", { saw: () => here.status() });
    put(here, "one", { rules: [{ predictor: "canary" }] });
    await says(here, "one", "Accepted=True");
    await until(() => here.isSettled(), { saw: () => here.status() });
  });

  it("of the younger of two is Conflicted, which takes nothing from the deployment; it takes over when the older goes", async () => {
    const here = await cluster();
    put(here, "a", { force: {} }, "iris", { creationTimestamp: "2026-02-02T00:00:00Z" });
    put(here, "b", { sticky: { header: "x-user" } }, "iris", { creationTimestamp: "2026-01-01T00:00:00Z" });
    await here.start();
    await says(here, "b", "Accepted=True");
    await says(here, "a", "Accepted=False/Invalid");
    await until(() => here.isSettled(), { saw: () => here.status() });
    put(here, "a", { force: { allow: true } });
    await says(here, "a", "Accepted=False/Conflicted");
    here.api.objects.delete(RESOURCE.routePolicy, { namespace: NAMESPACE, name: "b" });
    await says(here, "a", "Accepted=True");
  });

  it("says that the target is not there, until it is, and again when it is gone or another is named", async () => {
    const here = await cluster();
    put(here, "early", { sticky: { header: "x-user" } }, "rose");
    await here.start();
    await says(here, "early", "Accepted=False/TargetNotFound Programmed=False/NotAccepted");
    assert.match(messageOf(here, "early"), /no SeldonDeployment models\/rose/);
    put(here, "early", { sticky: { header: "x-user" } }, "iris");
    await says(here, "early", "Accepted=True");
    assert.equal(ancestorsOf(here, "early")[0]?.ancestorRef.name, "iris");
    here.api.objects.delete(RESOURCE.seldonDeployment, { namespace: NAMESPACE, name: "iris" });
    await says(here, "early", "Accepted=False/TargetNotFound");
  });

  it("takes back what it said when the target that comes is another control plane's", async () => {
    const here = await undo.stopping(startTestCluster());
    put(here, "early", { sticky: { header: "x-user" } });
    await here.start();
    await says(here, "early", "Accepted=False/TargetNotFound");
    here.apply(TWO, { "seldon.io/controller-id": "another" });
    await until(() => ancestorsOf(here, "early").length === 0, {
      saw: () => ancestorsOf(here, "early"),
    });
    here.apply(TWO);
    await says(here, "early", "Accepted=True");
  });

  it("keeps what others said, and is written only when it changes", async () => {
    const here = await cluster();
    put(here, "shared", { sticky: { header: "x-user" } });
    const condition = { type: "Accepted", status: "True", reason: "Accepted", message: "", observedGeneration: 1 };
    const other = {
      ancestorRef: { group: "gateway.networking.k8s.io", kind: "Gateway", name: "edge" },
      controllerName: "example.com/gateway",
      conditions: [{ ...condition, lastTransitionTime: TRANSITION }],
    };
    const policy = here.api.objects.get(RESOURCE.routePolicy, { namespace: NAMESPACE, name: "shared" });
    assert.ok(policy);
    here.api.objects.replace(RESOURCE.routePolicy, { ...policy, status: { ancestors: [other] } }, "status");
    await here.start();
    await says(here, "shared", "Accepted=True");
    assert.deepEqual(ancestorsOf(here, "shared")[0], other);
    await until(() => here.isSettled(), { saw: () => here.status() });
    const version = (): string | undefined =>
      here.api.objects.get(RESOURCE.routePolicy, { namespace: NAMESPACE, name: "shared" })?.metadata.resourceVersion;
    const [before, first] = [version(), ancestorsOf(here, "shared")];
    here.apply({ ...TWO, annotations: { "seldon.io/rest-timeout": "1000" } });
    await until(() => here.isSettled(), { saw: () => here.status() });
    assert.equal(version(), before);
    assert.deepEqual(ancestorsOf(here, "shared"), first);
    // Another control plane that says its own thing after ours stays where it is, and we do not write again.
    const now = here.api.objects.get(RESOURCE.routePolicy, { namespace: NAMESPACE, name: "shared" });
    assert.ok(now);
    const turned = { ancestors: [...first].reverse() };
    here.api.objects.replace(RESOURCE.routePolicy, { ...now, status: turned }, "status");
    const swapped = version();
    here.apply({ ...TWO, annotations: { "seldon.io/rest-timeout": "2000" } });
    await until(() => here.isSettled(), { saw: () => here.status() });
    assert.equal(version(), swapped);
  });

  it("says when it is right and its target is not", async () => {
    const here = await cluster({ predictors: [] });
    put(here, "right", { sticky: { header: "x-user" } });
    await here.start();
    await says(here, "right", "Accepted=True/Accepted Programmed=False/TargetInvalid");
  });

  it("says what Istio can't express", async () => {
    const shadows = ["one", "two"].map((name) => predictorOf(name, 0));
    const here = await cluster({ predictors: [predictorOf("main", 100), ...shadows] });
    put(here, "many", { shadows: [{ predictor: "one" }, { predictor: "two" }] });
    await here.start();
    await says(here, "many", "Accepted=True");
    await until(() => /only the first shadow/.test(messageOf(here, "many")), {
      saw: () => ancestorsOf(here, "many"),
    });
  });
});
