import assert from "node:assert/strict";
import { it } from "node:test";
import { podLabelsOf } from "../../../deliver/rollout/deployment-state.ts";
import type { Condition } from "../../../deliver/status/seldon-status.ts";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import { until } from "../../../kubernetes-api/tests/until.ts";
import { predictorOf } from "./cluster-for-tests.ts";
import { NAMESPACE, startFaultyCluster } from "./faulty-cluster-for-tests.ts";
import { undoAfterEach } from "./undo-for-tests.ts";

const undo = undoAfterEach();

it("says in status and log why a deployment is not available, and that it is", async () => {
  const here = await undo.stopping(startFaultyCluster());
  const one = await here.start();
  here.apply("iris", { predictors: [predictorOf("main", 100, "broken:1")] });
  const name = "iris-main-0-classifier";
  const deployment = () => here.api.objects.get(RESOURCE.deployment, { namespace: NAMESPACE, name });
  await until(() => deployment() !== undefined);
  const waiting = { reason: "ImagePullBackOff", message: "broken:1: not found" };
  here.api.objects.put(RESOURCE.pod, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "iris-1", namespace: NAMESPACE, labels: podLabelsOf(deployment()) },
    status: { containerStatuses: [{ name: "classifier", ready: false, state: { waiting } }] },
  });
  const ready = (): Condition | undefined => {
    const { conditions = [] } = here.statusOf("iris") as { readonly conditions?: readonly Condition[] };
    return conditions.find(({ type }) => type === "Ready");
  };
  const text = "pod iris-1: container classifier: ImagePullBackOff: broken:1: not found";
  await until(() => ready()?.message?.endsWith(text) === true, { saw: ready });
  here.apply("iris", { predictors: [predictorOf("main", 100, "model:1")] });
  await here.settled("iris");
  assert.equal(ready()?.message, undefined);
  const told = (): readonly string[] => one.log.filter(({ level }) => level === 30).map(({ msg }) => msg);
  assert.ok(told().includes("new -> Creating"), told().join("\n"));
  await until(() => told().some((msg) => / -> Available$/.test(msg)));
});
