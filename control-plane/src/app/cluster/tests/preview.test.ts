import assert from "node:assert/strict";
import { test } from "node:test";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import { createOwnResources } from "../own-resources.ts";
import { previewCluster } from "../preview.ts";
import { readSettings } from "../settings/read-settings.ts";
import { predictorOf, startTestCluster } from "./cluster-for-tests.ts";

function settings() {
  const read = readSettings(["--namespace=models"], { ISTIO_ENABLED: "true", POD_NAMESPACE: "models" });
  assert.equal(read.kind, "settings");
  return read.settings;
}

test("a preview says what would be made, and makes nothing", async () => {
  const here = await startTestCluster();
  try {
    here.apply({ predictors: [predictorOf("main", 100)] });
    const [preview, ...others] = await previewCluster(here.api.client(), settings());
    assert.deepEqual(others, []);
    assert.equal(preview?.key, "models/iris");
    assert.ok(preview.changes.includes("create Deployment iris-main-0-classifier"), preview.changes.join());
    assert.deepEqual(here.objects(), []);
    assert.ok(here.api.requests.every(({ verb }) => ["get", "list", "watch", "discover"].includes(verb)));
  } finally {
    await here.stop();
  }
});

test("a preview plans nothing of kinds that the cluster does not know, and says so", async () => {
  const here = await startTestCluster();
  try {
    here.api.withdraw(RESOURCE.virtualService);
    here.api.withdraw(RESOURCE.destinationRule);
    here.apply({ predictors: [predictorOf("main", 100)] });
    const [preview] = await previewCluster(here.api.client(), settings());
    assert.ok(preview);
    assert.ok(preview.changes.includes("create Deployment iris-main-0-classifier"), preview.changes.join());
    assert.doesNotMatch(preview.changes.join(), /VirtualService|DestinationRule/);
    assert.ok(preview.problems.some(({ code }) => code === "ClusterKindMissing"));
  } finally {
    await here.stop();
  }
});

test("a preview fails where the cluster may not be read", async () => {
  const here = await startTestCluster();
  try {
    here.api.fail({ kind: "Service", verb: "list", status: 403, times: 9 });
    await assert.rejects(() => previewCluster(here.api.client(), settings()));
  } finally {
    await here.stop();
  }
});

test("--create-resources writes the CustomResourceDefinitions and the webhook's configuration", async () => {
  const here = await startTestCluster();
  try {
    await createOwnResources(here.api.client(), settings());
    const names = (type: (typeof RESOURCE)[keyof typeof RESOURCE]): readonly string[] =>
      here.api.objects.list(type).map(({ metadata }) => metadata.name);
    assert.deepEqual([...names(RESOURCE.customResourceDefinition)].sort(), [
      "routepolicies.graphway.dev",
      "seldondeployments.machinelearning.seldon.io",
    ]);
    assert.deepEqual(names(RESOURCE.validatingWebhookConfiguration), [
      "seldon-validating-webhook-configuration-models",
    ]);
  } finally {
    await here.stop();
  }
});
