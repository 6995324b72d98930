import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { webhookConfiguration } from "../../deliver/admission/webhook-configuration.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { startFakeApiServer, type FakeApiServer } from "../../kubernetes-api/tests/fake-api-server.ts";
import { until } from "../../kubernetes-api/tests/until.ts";
import { DEFAULT_MODEL_SETTINGS } from "../../model/settings.ts";
import { createLog } from "./log.ts";
import { startWebhook, type Webhook } from "./webhook.ts";
import { freePort } from "../../../../scripts/free-port-for-tests.ts";

const NAMESPACE = "seldon-system";
const SERVICE = "seldon-webhook-service";

describe("the webhook of a control plane", () => {
  let api: FakeApiServer;
  before(async () => {
    api = await startFakeApiServer();
    const target = { service: { namespace: NAMESPACE, name: SERVICE, port: 443 } };
    api.objects.put(
      RESOURCE.validatingWebhookConfiguration,
      webhookConfiguration({ name: "webhook", scope: { kind: "cluster" }, target }),
    );
  });
  after(() => api.stop());

  function start(port: number): Webhook {
    return startWebhook({
      client: api.client(),
      webhook: { port, service: SERVICE, configuration: "webhook", secret: "certificate", certDir: undefined },
      ownNamespace: NAMESPACE,
      clusterDomain: "cluster.local",
      modelSettings: () => DEFAULT_MODEL_SETTINGS,
      onReview: () => undefined,
      log: createLog("fatal"),
    });
  }

  it("is ready when it listens", async () => {
    const port = await freePort();
    const webhook = start(port);
    assert.match(webhook.notReady() ?? "", /no certificate yet/);
    await until(() => webhook.notReady() === undefined);
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
    await webhook.stop();
  });

  it("says why it can't be served", async () => {
    const taken = createServer().listen(0, "0.0.0.0");
    await once(taken, "listening");
    const webhook = start((taken.address() as AddressInfo).port);
    await until(() => /can't be served: .*EADDRINUSE/.test(webhook.notReady() ?? ""));
    await webhook.stop();
    taken.close();
  });
});
