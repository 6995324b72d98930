import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { ServerHttp2Stream } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { callGrpc, createUpstreams } from "../../control-plane/src/render/xds/calls-for-tests.ts";
import { killLeftovers, startGraphway, type GraphwayProcess } from "./graphway-process.ts";

const PREDICT = "/seldon.protos.Seldon/Predict";
/** Of the policy of `capped`. */
const MAX_MS = 600;

function deploymentOf(name: string): object {
  const graph = { name: `${name}-model`, type: "MODEL" };
  const componentSpecs = [{ spec: { containers: [{ name: graph.name }] } }];
  return {
    apiVersion: "machinelearning.seldon.io/v1",
    kind: "SeldonDeployment",
    metadata: { name, namespace: "default" },
    spec: { predictors: [{ name: "main", graph, componentSpecs }] },
  };
}

const POLICY = {
  apiVersion: "graphway.dev/v1alpha1",
  kind: "RoutePolicy",
  metadata: { name: "capped", namespace: "default" },
  spec: {
    targetRef: { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: "capped" },
    deadline: { maxMs: MAX_MS },
  },
};

/** A call that a node never answers. */
interface HeldCall {
  /** Milliseconds that it was told to have. */
  readonly timeoutMs: number;
  /** Resolves when it is given up. */
  readonly givenUp: Promise<unknown>;
}

describe("the deadline of a gRPC call through Envoy", () => {
  const nodes = createUpstreams();
  const held: HeldCall[] = [];
  let graphway: GraphwayProcess;
  let folder = "";

  function hold(stream: ServerHttp2Stream): void {
    const { promise, resolve } = Promise.withResolvers();
    stream.on("close", resolve);
    const timeout = /^(\d+)m$/.exec(String(nodes.seen.at(-1)?.headers["grpc-timeout"]));
    held.push({ timeoutMs: Number(timeout?.[1]), givenUp: promise });
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "graphway-deadline-"));
    const objects = [deploymentOf("open"), deploymentOf("capped"), POLICY];
    await writeFile(join(folder, "models.yaml"), objects.map((one) => JSON.stringify(one)).join("\n---\n"));
    const http = await nodes.rest("node", (_, response) => response.end("{}"));
    const grpc = await nodes.grpc("node", hold);
    const words = ["open", "capped"].flatMap((name) => [
      "--endpoint",
      `${name}/main/${name}-model=127.0.0.1:${String(http)},${String(grpc)}`,
    ]);
    graphway = await startGraphway(["-f", folder, ...words]);
  });
  after(async () => {
    const code = await graphway.stop();
    killLeftovers();
    nodes.close();
    await rm(folder, { recursive: true, force: true });
    assert.equal(code, 0, graphway.output());
  });

  // A client that keeps no deadline itself: whoever ends the call was told of it.
  for (const [what, deployment, asked, mostMs] of [
    ["reaches the graph's nodes and ends their calls", "open", "700m", 700],
    ["is the policy's where a client asks for more", "capped", "100S", MAX_MS],
  ] as const)
    it(what, async () => {
      const metadata = { seldon: deployment, namespace: "default", "grpc-timeout": asked };
      const { status } = await callGrpc(graphway.url, PREDICT, metadata);
      assert.equal(status, "4");
      const call = held.pop() ?? assert.fail("no node was asked");
      assert.ok(call.timeoutMs > 0 && call.timeoutMs <= mostMs, `the node was told ${String(call.timeoutMs)} ms`);
      await call.givenUp;
    });
});
