import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { callGrpc } from "./orchestrator.ts";
import { startProcess } from "./orchestrator-process.ts";
import { encodeRequest, startStub } from "./stub-node.ts";
import { graphway } from "#proto/gen/inference-graph.js";
import { XdsStub } from "./xds-stub.ts";

const PREDICT = "/seldon.protos.Seldon/Predict";

/** A router before two models, as the control plane sends it. */
function routerMessage(ports: readonly { httpPort: number; grpcPort: number }[], allowed: boolean): Uint8Array {
  const { NodeType, InferenceGraph } = graphway.v1;
  const [router, a, b] = ports.map((port) => ({ host: "127.0.0.1", servicePort: port.httpPort, ...port }));
  const model = (name: string, endpoint: typeof a) => ({
    name,
    type: NodeType.MODEL,
    ...(endpoint ? { endpoint } : {}),
  });
  return InferenceGraph.encode({
    namespace: "default",
    deployment: "iris",
    predictor: "main",
    allowBranches: allowed,
    allowExplain: allowed,
    root: {
      name: "r",
      type: NodeType.ROUTER,
      ...(router ? { endpoint: router } : {}),
      children: [model("a", a), model("b", b)],
    },
  }).finish();
}

describe("what a client may ask by header", { timeout: 600_000 }, () => {
  it("forces a branch and tells the path where the graph allows it, and only there, over REST and gRPC", async () => {
    const called: string[] = [];
    const answer = (operation: string) => ({ body: operation === "route" ? { data: { ndarray: [[0]] } } : {} });
    const stubs = await Promise.all(
      ["r", "a", "b"].map((name) => startStub(name, answer, (call) => called.push(`${call.node}/${call.operation}`))),
    );
    const xds = new XdsStub();
    await xds.start();
    const asked = new Promise((resolve) => xds.once("request", resolve));
    const starting = startProcess([`--xds_server=127.0.0.1:${xds.port}`]);
    try {
      await asked;
      await xds.push(routerMessage(stubs, true), "1");
      const orchestrator = await starting;
      const ask = async (branch: string) => {
        const headers = { "x-graphway-branch": branch, "x-graphway-decision": "1" };
        called.length = 0;
        const rest = await fetch(`http://127.0.0.1:${orchestrator.httpPort}/api/v1.0/predictions`, {
          method: "POST",
          headers,
          body: "{}",
        });
        const text = await rest.text();
        const grpc = await callGrpc(orchestrator.grpcPort, PREDICT, encodeRequest("Predict", {}), headers);
        return {
          status: rest.status,
          text,
          code: grpc.code,
          details: grpc.details,
          routing: [rest.headers.get("x-graphway-routing"), grpc.metadata["x-graphway-routing"]],
          path: [rest.headers.get("x-graphway-path"), grpc.metadata["x-graphway-path"]],
          called: [...called],
        };
      };

      const forced = await ask("r=1");
      assert.deepEqual([forced.status, forced.code], [200, 0], forced.text + forced.details);
      assert.deepEqual(forced.called, ["b/predict", "b/predict"]);
      for (const routing of forced.routing) assert.deepEqual(routing?.split(";").sort(), ["b=-1", "r=1"]);
      for (const path of forced.path) assert.match(path ?? "", /^r\/forced:1=0\.0;b\/predict=\d+\.\d$/);
      const none = await ask("r=-2");
      assert.deepEqual([none.status, none.code, none.called], [200, 0, []]);
      for (const bad of ["r=2", "zz=0", "r=x"]) {
        const refused = await ask(bad);
        assert.deepEqual([refused.status, refused.code, refused.called], [400, 3, []], bad);
      }

      await xds.push(routerMessage(stubs, false), "2");
      const ignored = await ask("r=1");
      assert.deepEqual([ignored.status, ignored.code], [200, 0]);
      assert.deepEqual(ignored.called, ["r/route", "a/predict", "r/route", "a/predict"]);
      assert.deepEqual(ignored.path, [null, undefined]);
      assert.equal(await orchestrator.end("SIGTERM"), 0);
    } finally {
      xds.stop();
      await Promise.all(stubs.map((stub) => stub.stop()));
    }
  });
});
