import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createRestClient, startLoad, type RestClient } from "./client.ts";
import { killLeftovers, startGraphway, type GraphwayProcess } from "./graphway-process.ts";
import { startStubNode, type StubNode } from "./stub-node.ts";
import { until } from "./until.ts";

const NODES = ["main-model", "canary-model"] as const;

function manifest(predictor: "main" | "canary"): string {
  const name = `${predictor}-model`;
  return JSON.stringify({
    apiVersion: "machinelearning.seldon.io/v1",
    kind: "SeldonDeployment",
    metadata: { name: "a", namespace: "default" },
    spec: {
      predictors: [
        { name: predictor, graph: { name, type: "MODEL" }, componentSpecs: [{ spec: { containers: [{ name }] } }] },
      ],
    },
  });
}

describe("a process of graphway's own is killed under load", () => {
  let folder: string;
  let file: string;
  let graphway: GraphwayProcess;
  let rest: RestClient;
  let wanted: "main" | "canary" = "main";
  const nodes: StubNode[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "graphway-kill-"));
    file = join(folder, "a.json");
    await writeFile(file, manifest(wanted));
    const endpoints: string[] = [];
    for (const name of NODES) {
      const node = await startStubNode(name);
      nodes.push(node);
      endpoints.push("--endpoint", `a/${name.replace("-model", "")}/${name}=${node.address}`);
    }
    graphway = await startGraphway(["-f", file, "--drain", "1", ...endpoints]);
    rest = createRestClient(graphway.url, 4);
  });
  after(async () => {
    await rest.close();
    const code = await graphway.stop();
    killLeftovers();
    for (const node of nodes) await node.close();
    await rm(folder, { recursive: true });
    assert.equal(code, 0, graphway.output());
  });

  /** Process ids of graphway's children whose command line matches. */
  function childrenWith(pattern: RegExp): readonly number[] {
    const rows = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
    return rows.flatMap((row) => {
      const [, pid, parent, args = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row) ?? [];
      return Number(parent) === graphway.child.pid && pattern.test(args) ? [Number(pid)] : [];
    });
  }

  /** Kills the process, and waits until another has taken its place. */
  async function kill(pattern: RegExp): Promise<void> {
    const [pid, ...others] = childrenWith(pattern);
    assert.ok(pid !== undefined && others.length === 0, `${String(pattern)} does not name one process`);
    process.kill(pid, "SIGKILL");
    await until(
      () => childrenWith(pattern).some((one) => one !== pid),
      () => graphway.output(),
    );
  }

  /** The predictor that answers; undefined when none does. */
  async function answering(): Promise<string | undefined> {
    const reply = await rest.call({ deployment: "a" }).catch(() => undefined);
    return reply?.status === 200 ? reply.headers["x-graphway-predictor"] : undefined;
  }

  async function untilAnswering(predictor: string): Promise<void> {
    await until(
      async () => (await answering()) === predictor,
      () => graphway.output(),
    );
  }

  /** Asks for the other predictor; everything that was killed has a part in bringing it. */
  async function editTheOther(): Promise<void> {
    wanted = wanted === "main" ? "canary" : "main";
    await writeFile(file, manifest(wanted));
    await untilAnswering(wanted);
  }

  for (const [what, pattern] of [
    ["Envoy", /bootstrap\.json/],
    ["an orchestrator", /orchestrator\.mjs/],
  ] as const) {
    it(`is back soon after ${what} was killed, and later edits are served`, async (t) => {
      await until(
        () => childrenWith(pattern).length === 1,
        () => "processes of earlier predictors end",
      );
      const load = startLoad(() => rest.call({ deployment: "a" }), 2);
      const killedMs = performance.now();
      await kill(pattern);
      await untilAnswering(wanted);
      t.diagnostic(`back after ${String(Math.round(performance.now() - killedMs))} ms`);
      await editTheOther();
      await load.stop();
      const steady = startLoad(() => rest.call({ deployment: "a" }), 2);
      await until(
        () => steady.count() > 50,
        () => "no load",
      );
      assert.deepEqual((await steady.stop()).failures, []);
    });
  }

  it("loses no request when the guard is killed, and later edits are served", async () => {
    const load = startLoad(() => rest.call({ deployment: "a" }), 2);
    await kill(/guard-main/);
    await editTheOther();
    const { calls, failures } = await load.stop();
    assert.ok(calls > 0);
    assert.deepEqual(failures, []);
  });

  it("serves an edit that was made while Envoy was away", async () => {
    const [pid = 0] = childrenWith(/bootstrap\.json/);
    process.kill(pid, "SIGKILL");
    await editTheOther();
  });
});
