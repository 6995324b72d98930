import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { createRestClient, startLoad, type Load, type RestClient } from "./client.ts";
import { killLeftovers, startGraphway, type GraphwayProcess } from "./graphway-process.ts";
import { startStubNode, type StubNode } from "./stub-node.ts";
import { until } from "./until.ts";

/** A predictor of one model; `command` makes it a process of this machine. */
interface Predictor {
  readonly name: string;
  readonly traffic: number;
  readonly model: string;
  readonly command?: readonly string[];
}

function manifest(name: string, predictors: readonly Predictor[]): string {
  const rows = predictors.map(({ name: predictor, traffic, model, command }) => ({
    name: predictor,
    traffic,
    graph: { name: model, type: "MODEL" },
    componentSpecs: [{ spec: { containers: [{ name: model, ...(command ? { command } : {}) }] } }],
  }));
  const metadata = { name, namespace: "default" };
  return JSON.stringify({
    apiVersion: "machinelearning.seldon.io/v1",
    kind: "SeldonDeployment",
    metadata,
    spec: { predictors: rows },
  });
}

/** A model server that answers with the name it was given, after a start that takes a while. */
const MODEL_SERVER = `
import { createServer } from "node:http";
const [name, startMs] = process.argv.slice(2);
const server = createServer((request, response) => {
  request.resume().on("end", () => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ strData: name })));
});
setTimeout(() => {
  server.listen(Number(process.env.PREDICTIVE_UNIT_HTTP_SERVICE_PORT), "127.0.0.1", () => console.log("listening"));
}, Number(startMs));
process.on("SIGTERM", () => server.close());
`;

describe("edits of a served file, under load", () => {
  let folder: string;
  let graphway: GraphwayProcess;
  let rest: RestClient;
  let load: Load;
  const nodes: StubNode[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "graphway-edit-"));
    await writeFile(join(folder, "server.mjs"), MODEL_SERVER);
    await writeFile(join(folder, "a.json"), manifest("a", [MAIN]));
    await writeFile(join(folder, "b.json"), manifest("b", [{ ...MAIN, model: "neighbour-model" }]));
    const endpoints: string[] = [];
    for (const [path, name] of ENDPOINTS) {
      const node = await startStubNode(name);
      nodes.push(node);
      endpoints.push("--endpoint", `${path}=${node.address}`);
    }
    graphway = await startGraphway(["-f", folder, "--drain", "2", ...endpoints]);
    rest = createRestClient(graphway.url, 8);
  });
  after(async () => {
    await rest.close();
    const code = await graphway.stop();
    killLeftovers();
    assert.equal(code, 0, graphway.output());
    for (const node of nodes) await node.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    load = startLoad(() => rest.call({ deployment: "a" }), 2);
  });
  afterEach(async () => {
    await until(
      () => load.count() > 20,
      () => `${String(load.count())} calls are no load`,
    );
    const { calls, failures } = await load.stop();
    assert.deepEqual(failures.slice(0, 3), [], `${String(failures.length)} of ${String(calls)} calls failed`);
  });

  const edit = (predictors: readonly Predictor[]): Promise<void> =>
    writeFile(join(folder, "a.json"), manifest("a", predictors));
  /** Which predictors answer right now, by some twenty requests. */
  const answering = async (deployment = "a"): Promise<readonly string[]> => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => rest.call({ deployment })));
    return [...new Set(replies.map((reply) => reply.headers["x-graphway-predictor"] ?? "none"))].sort();
  };
  const untilAnswering = async (expected: readonly string[]): Promise<void> => {
    let last: readonly string[] = [];
    await until(
      async () => (last = await answering()).join() === expected.join(),
      () => `${last.join()} answer, expected ${expected.join()}\n${graphway.output()}`,
    );
  };

  it("serves a second predictor, then other weights, then only the second", async () => {
    await edit([
      { ...MAIN, traffic: 50 },
      { ...CANARY, traffic: 50 },
    ]);
    await untilAnswering(["canary", "main"]);
    await edit([
      { ...MAIN, traffic: 0 },
      { ...CANARY, traffic: 100 },
    ]);
    await untilAnswering(["canary"]);
    await edit([CANARY]);
    await untilAnswering(["canary"]);
  });

  it("serves a predictor that is a process once it is ready, and keeps the old one until then", async () => {
    const from = graphway.output().length;
    await edit([{ name: "slow", traffic: 100, model: "slow-model", command: ["node", "server.mjs", "slow", "1500"] }]);
    await untilAnswering(["slow"]);
    await graphway.waitFor(/serving .*slow 100 %/, { from });
  });

  it("changes a container of a running predictor without a gap", async () => {
    await edit([
      { name: "slow", traffic: 100, model: "slow-model", command: ["node", "server.mjs", "slow again", "500"] },
    ]);
    await until(
      async () => (await rest.call({ deployment: "a" })).body.includes("slow again"),
      () => graphway.output(),
    );
  });

  it("changes the graph of a running predictor", async () => {
    await edit([MAIN]);
    await untilAnswering(["main"]);
    const twice = JSON.parse(manifest("a", [MAIN])) as { spec: { predictors: [{ graph: object }] } };
    twice.spec.predictors[0].graph = {
      name: "gate",
      implementation: "SIMPLE_ROUTER",
      children: [{ name: "main-model", type: "MODEL" }],
    };
    await writeFile(join(folder, "a.json"), JSON.stringify(twice));
    await until(
      async () => (await rest.call({ deployment: "a" })).headers["x-graphway-routing"]?.includes("gate=0") === true,
      () => graphway.output(),
    );
  });

  it("goes on while the file is empty, as it is for a moment when it is written", async () => {
    const from = graphway.output().length;
    await writeFile(join(folder, "a.json"), "");
    await graphway.waitFor(/goes on .*default\/a with the last good version/, { from });
    assert.equal((await rest.call({ deployment: "a" })).status, 200);
    await edit([MAIN]);
    await untilAnswering(["main"]);
  });

  it("ends a deployment whose file is removed, without a word of trouble", async () => {
    const from = graphway.output().length;
    const model = { name: "main", traffic: 100, model: "short-lived", command: ["node", "server.mjs", "short", "0"] };
    await writeFile(join(folder, "c.json"), manifest("c", [model]));
    await until(
      async () => (await rest.call({ deployment: "c" })).status === 200,
      () => graphway.output(),
    );
    await rm(join(folder, "c.json"));
    await graphway.waitFor(/gone .*default\/c/, { from });
    await until(
      async () => (await rest.call({ deployment: "c" })).status === 404,
      () => graphway.output(),
    );
    await new Promise((resolve) => setTimeout(resolve, 3000)); // longer than the drain time
    assert.doesNotMatch(graphway.output().slice(from), /error/);
  });

  it("reports a broken edit with line and column, and goes on with the last good version; its neighbour is untouched", async () => {
    await edit([MAIN]);
    await untilAnswering(["main"]);
    const broken: readonly (readonly [string, RegExp])[] = [
      ['{\n  "kind": "SeldonDeployment",\n  oops', /a\.json:3:\d+: error/],
      [
        manifest("a", [
          { ...MAIN, traffic: 40 },
          { ...CANARY, traffic: 50 },
        ]),
        /a\.json:1:\d+: error: .*Traffic must sum to 100/,
      ],
      [
        manifest("a", [{ ...MAIN, model: "nobody" }]),
        /a\.json:1:\d+: error: default\/a .*nobody.*(command|--endpoint)/,
      ],
    ];
    for (const [text, message] of broken) {
      const from = graphway.output().length;
      await writeFile(join(folder, "a.json"), text);
      await graphway.waitFor(message, { from });
      await graphway.waitFor(/goes on .*default\/a with the last good version/, { from });
      assert.deepEqual(await answering(), ["main"]);
      assert.deepEqual(await answering("b"), ["main"]);
    }
    await edit([
      { ...MAIN, traffic: 50 },
      { ...CANARY, traffic: 50 },
    ]);
    await untilAnswering(["canary", "main"]);
  });
});

const MAIN: Predictor = { name: "main", traffic: 100, model: "main-model" };
const CANARY: Predictor = { name: "canary", traffic: 100, model: "canary-model" };
const ENDPOINTS: readonly (readonly [path: string, name: string])[] = [
  ["a/main/main-model", "main"],
  ["a/canary/canary-model", "canary"],
  ["b/main/neighbour-model", "neighbour"],
];
