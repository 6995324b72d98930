import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startGuard, type Guard } from "../../deliver/processes/guard.ts";
import { loadDocuments } from "../../model/load.ts";
import { planModel } from "../../plan/plan-model.ts";
import { renderFilterTable } from "../../render/filter-table/render.ts";
import { encodeResource } from "../../render/xds/encode.ts";
import { renderFilterConfig } from "../../render/xds/filter-config.ts";
import { findEnvoy } from "../../../../scripts/envoy.mjs";
import { startEnvoy, type LocalEnvoy } from "./envoy-process.ts";
import { renderSnapshot } from "./gateway-snapshot.ts";
import type { Refusals } from "../../deliver/gateway-rollout/refusals.ts";
import { createGenerations } from "../../deliver/gateway-rollout/generations.ts";
import type { GatewaySnapshot, Rollout } from "../../deliver/gateway-rollout/rollout.ts";
import { serveRollout, type ServedRollout } from "../../deliver/gateway-rollout/serve-rollout-for-tests.ts";
import { createRunFolder, type RunFolder } from "./run-folder.ts";
import { freePort } from "../../../../scripts/free-port-for-tests.ts";

const MANIFEST = `
apiVersion: machinelearning.seldon.io/v1
kind: SeldonDeployment
metadata: { name: iris }
spec:
  predictors:
    - name: main
      graph: { name: model }
      componentSpecs: [{ spec: { containers: [{ name: model, image: none }] } }]
`;
const WASM = { filename: join(import.meta.dirname, "..", "..", "..", "..", "build", "filter", "filter.wasm") };

describe("a table that Envoy refuses", () => {
  let folder: RunFolder;
  let guard: Guard;
  let served: ServedRollout;
  let envoy: LocalEnvoy | undefined;
  let upstream: Server;
  let rollout: Rollout;
  let refusals: Refusals;
  let port: number;
  let snapshot: GatewaySnapshot;
  let onChange: () => void = () => undefined;

  before(async () => {
    folder = await createRunFolder();
    guard = startGuard();
    upstream = createServer((_, response) => response.end("answer")).listen(0, "127.0.0.1");
    served = await serveRollout({
      socket: folder.xdsSocket,
      onRefusals: () => {
        onChange();
      },
    });
    ({ rollout, refusals } = served);
    port = await freePort();
    const plans = planModel(loadDocuments([{ file: "iris.yaml", text: MANIFEST }])).value;
    const httpPort = (upstream.address() as AddressInfo).port;
    snapshot = renderSnapshot(plans, {
      xds: { address: "127.0.0.1", port },
      wasm: WASM,
      nextGeneration: createGenerations(),
      addressOf: () => ({ host: "127.0.0.1", httpPort, grpcPort: httpPort }),
    }).value;
    rollout.publish(snapshot);
    const { path: binary } = await findEnvoy();
    const ready = Promise.withResolvers<undefined>();
    envoy = await startEnvoy({
      ...{ binary, folder: folder.path, xdsSocket: folder.xdsSocket, port, guard, onLine: () => undefined },
      onChange: () => {
        if (envoy?.isReady()) ready.resolve(undefined);
      },
      onPortTaken: () => {
        ready.reject(new Error("the port is taken"));
      },
    });
    await ready.promise;
  });
  after(async () => {
    await envoy?.stop();
    await served.close();
    await guard.close();
    upstream.close();
    folder.remove();
  });

  /** The generation of the table that decided, from the route token. */
  const decidingTable = async (): Promise<string | undefined> => {
    const response = await fetch(`http://127.0.0.1:${String(port)}/seldon/default/iris/api/v1.0/predictions`, {
      method: "POST",
    });
    assert.equal(await response.text(), "answer");
    return response.headers.get("x-graphway-route")?.split(".")[0];
  };
  const problemsChanged = (): Promise<void> => new Promise((resolve) => (onChange = resolve));

  it("is reported, the last good one goes on, and the next good one mends it", async () => {
    const before = await decidingTable();
    assert.ok(before, "the filter has decided");

    const refused = problemsChanged();
    rollout.publish({ ...snapshot, table: { fingerprint: "bad", encode: () => corruptTable() } });
    await refused;
    const [problem] = refusals.problems();
    assert.equal(problem?.code, "ConfigRefused");
    assert.match(problem.message, /gateway~local refused the filter with its route table, graphway\.gateway: .*Wasm/);
    assert.equal(await decidingTable(), before, "the last good table decides");

    const mended = problemsChanged();
    rollout.publish(snapshot);
    await mended;
    assert.deepEqual(refusals.problems(), []);
    assert.notEqual(await decidingTable(), before, "the new table decides");
  });
});

/** A table whose end is missing, as the filter config that carries it. */
function corruptTable() {
  const { value } = renderFilterTable([], { role: "gateway", generation: 1n, clusters: () => "none" });
  return encodeResource(renderFilterConfig("gateway", value.subarray(0, value.length - 1), WASM));
}
