import assert from "node:assert/strict";
import { it } from "node:test";
import { createApiClient } from "../../../kubernetes-api/create-api-client.ts";
import { startFakeApiServer } from "../../../kubernetes-api/tests/fake-api-server.ts";
import { startControlPlane, type ControlPlane } from "../control-plane.ts";
import { createLog, type Logger } from "../log.ts";
import { readSettings } from "../settings/read-settings.ts";

/** A control plane beside an empty API server. */
async function start(log: Logger): Promise<{ controlPlane: ControlPlane; stop: () => Promise<void> }> {
  const api = await startFakeApiServer();
  const read = readSettings(
    ["--namespace=models", "--metrics-addr=127.0.0.1:0", "--xds-port=0", "--webhook=false", "--drain=0"],
    { ISTIO_ENABLED: "false", POD_NAMESPACE: "models" },
  );
  if (read.kind !== "settings") throw new Error(JSON.stringify(read));
  const controlPlane = await startControlPlane(read.settings, log, (_, options) =>
    Promise.resolve(createApiClient({ ...options, access: api.access })),
  );
  return {
    controlPlane,
    stop: async () => {
      await controlPlane.stop();
      await api.stop();
    },
  };
}

async function isReady({ metricsPort }: ControlPlane): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${String(metricsPort)}/readyz`)).ok;
}

it("tells whoever started it that it has begun, and is ready then", async () => {
  const { controlPlane, stop } = await start(createLog("fatal"));
  await controlPlane.begun;
  assert.ok(await isReady(controlPlane));
  await stop();
});

it("tells whoever started it that it can't begin: it would never get ready", async () => {
  const log = createLog("fatal");
  log.info = (...said: readonly unknown[]) => {
    if (said.includes("the cluster is known; working")) throw new Error("a bug");
  };
  const { controlPlane, stop } = await start(log);
  await assert.rejects(controlPlane.begun, /a bug/);
  await stop();
});

it("does not call it a fault that it is stopped before it knows the cluster", async () => {
  const { controlPlane, stop } = await start(createLog("fatal"));
  await stop();
  await controlPlane.begun;
});
