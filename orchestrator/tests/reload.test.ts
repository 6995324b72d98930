import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { freePort } from "../../scripts/free-port-for-tests.ts";
import { startLoad } from "./load.ts";
import { enginePredictor, startProcess, type OrchestratorProcess } from "./orchestrator-process.ts";
import { startStub, type StubNode } from "./stub-node.ts";
import { brokenMessage, chainMessage, GRAPH_NAME, GRAPH_TYPE, XdsStub } from "./xds-stub.ts";

const ok = () => ({ body: { data: { ndarray: [[1]] } } });

describe("a graph from the control plane", { timeout: 600_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "orchestrator-"));
  const tokenFile = join(folder, "token");
  let xds: XdsStub;
  let stubs: StubNode[];
  let orchestrator: OrchestratorProcess;

  before(async () => {
    writeFileSync(tokenFile, "secret\n");
    stubs = await Promise.all([1, 2].map((i) => startStub(`m${i}`, ok, () => {})));
    xds = new XdsStub();
    await xds.start(await freePort());
  });
  after(async () => {
    xds.stop();
    await Promise.all(stubs.map((stub) => stub.stop()));
    rmSync(folder, { recursive: true });
  });

  it("is asked for, acknowledged, swapped under load and refused without one failed request", async () => {
    const first = once(xds, "request");
    const [one, two] = stubs;
    assert.ok(one !== undefined && two !== undefined);
    const starting = startProcess([
      `--xds_server=127.0.0.1:${xds.port}`,
      `--xds_token_file=${tokenFile}`,
      "--shutdown_delay=0s",
    ]);
    const [request, metadata] = (await first) as [(typeof xds.requests)[number], Record<string, string>];
    assert.equal(request.node?.id, "orchestrator~default~iris~main");
    assert.equal(request.node.metadata?.fields?.["ROLE"]?.stringValue, "orchestrator");
    assert.deepEqual([request.typeUrl, request.resourceNamesSubscribe], [GRAPH_TYPE, [GRAPH_NAME]]);
    assert.equal(metadata["authorization"], "Bearer secret");
    assert.equal((await xds.push(chainMessage([one]), "v0")).errorDetail, null);
    orchestrator = await starting;

    const load = startLoad(orchestrator.httpPort, 8);
    for (let i = 1; i <= 30; i += 1) {
      const before = load.count();
      const graph = i % 3 === 0 ? [two] : i % 3 === 1 ? [one, two] : [one];
      const answer = await xds.push(chainMessage(graph), `v${i}`);
      assert.equal(answer.errorDetail, null);
      await until(() => load.count() > before + 5);
    }
    const nack = await xds.push(brokenMessage(), "bad");
    assert.match(nack.errorDetail?.message ?? "", /m: the node is called, but has no endpoint/);
    assert.equal((await xds.push(undefined, "")).errorDetail, null);
    const served = load.count();
    await until(() => load.count() > served + 20);
    const result = await load.stop();
    assert.deepEqual(result.failures, []);
    assert.ok(result.ok > 170, String(result.ok));
  });

  it("is asked for again, with what is held, after the control plane was away", async () => {
    const [one] = stubs;
    assert.ok(one !== undefined);
    await xds.push(chainMessage([one]), "held");
    const { port } = xds;
    xds.stop();
    const load = startLoad(orchestrator.httpPort, 1);
    xds = new XdsStub();
    await until(async () => {
      try {
        await xds.start(port);
        return true;
      } catch {
        return false;
      }
    });
    const [request] = (await once(xds, "request", { signal: AbortSignal.timeout(60_000) })) as [
      (typeof xds.requests)[number],
    ];
    assert.deepEqual(request.initialResourceVersions, { [GRAPH_NAME]: "held" });
    assert.deepEqual((await load.stop()).failures, []);
    assert.equal(await orchestrator.end("SIGTERM"), 0);
  });

  it("falls back to ENGINE_PREDICTOR when nobody answers", async () => {
    const [one] = stubs;
    assert.ok(one !== undefined);
    const env = { ENGINE_PREDICTOR: enginePredictor(one.httpPort, one.grpcPort) };
    const alone = await startProcess(["--xds_server=127.0.0.1:1"], env);
    const response = await fetch(`http://127.0.0.1:${alone.httpPort}/api/v1.0/predictions`, { method: "POST" });
    assert.equal(response.status, 200);
    await response.arrayBuffer();
    assert.equal(await alone.end("SIGTERM"), 0);
  });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!(await condition())) {
    assert.ok(performance.now() < endMs, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
