import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createRestClient } from "./client.ts";
import { freePort } from "../../scripts/free-port-for-tests.ts";
import { killLeftovers, spawnGraphway, startGraphway } from "./graphway-process.ts";
import { until } from "./until.ts";

/** A manifest of two deployments whose containers have the same names and run as processes that carry `mark` in their command. */
function manifestOf(mark: string): string {
  const deployments = ["one", "two"].map((name) => ({
    apiVersion: "machinelearning.seldon.io/v1",
    kind: "SeldonDeployment",
    metadata: { name, namespace: "default" },
    spec: {
      predictors: [
        {
          name: "main",
          graph: { name: "model", type: "MODEL" },
          componentSpecs: [{ spec: { containers: [{ name: "model", command: ["node", "server.mjs", name, mark] }] } }],
        },
      ],
    },
  }));
  return deployments.map((one) => JSON.stringify(one)).join("\n---\n");
}

const MODEL_SERVER = `
import { createServer } from "node:http";
const [name, , startMs = "0"] = process.argv.slice(2);
const server = createServer((request, response) => {
  request.resume().on("end", () => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ strData: name })));
});
setTimeout(() => server.listen(Number(process.env.PREDICTIVE_UNIT_HTTP_SERVICE_PORT), "127.0.0.1"), Number(startMs));
console.log("pid", process.pid);
`;

/** Command lines of running processes that mention one of the words. */
function processesWith(...words: readonly string[]): readonly string[] {
  const all = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
  return all.filter((line) => words.some((word) => line.includes(word)) && !line.includes("ps -eo"));
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}

describe("graphway run, from its start to its end", () => {
  let folder: string;
  let mark: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "graphway-stop-"));
    mark = folder.slice(folder.lastIndexOf("-") + 1);
    await writeFile(join(folder, "server.mjs"), MODEL_SERVER);
    await writeFile(join(folder, "manifest.yaml"), manifestOf(mark));
  });
  after(async () => {
    killLeftovers();
    await rm(folder, { recursive: true });
  });

  /** Fails unless everything that a graphway of this process id had started is gone, and its port free. */
  async function expectNothingLeft(pid: number | undefined, port: number): Promise<void> {
    const runFolder = `graphway-run-${String(pid)}-`;
    await until(
      async () => processesWith(mark, runFolder).length === 0 && !(await isListening(port)),
      () => processesWith(mark, runFolder).join("\n"),
    );
  }

  it("runs two deployments with the same container names side by side", async () => {
    const graphway = await startGraphway(["-f", join(folder, "manifest.yaml")]);
    const rest = createRestClient(graphway.url);
    for (const deployment of ["one", "two"]) {
      const reply = await rest.call({ deployment });
      assert.equal(reply.body, JSON.stringify({ strData: deployment }));
    }
    await rest.close();
    assert.equal(await graphway.stop(), 0, graphway.output());
    await expectNothingLeft(graphway.child.pid, graphway.port);
    const left = (await readdir(tmpdir())).filter((name) =>
      name.startsWith(`graphway-run-${String(graphway.child.pid)}-`),
    );
    assert.deepEqual(left, []);
  });

  for (const signal of ["SIGINT", "SIGHUP"] as const) {
    it(`ends in order on ${signal}`, async () => {
      const graphway = await startGraphway(["-f", join(folder, "manifest.yaml")]);
      assert.equal(await graphway.stop(signal), 0, graphway.output());
      await expectNothingLeft(graphway.child.pid, graphway.port);
    });
  }

  it("ends in order while it is starting", async () => {
    const slow = manifestOf(mark).replaceAll(`"${mark}"`, `"${mark}","60000"`);
    await writeFile(join(folder, "slow.yaml"), slow);
    const port = await freePort();
    const graphway = spawnGraphway(["run", "-f", join(folder, "slow.yaml"), "--port", String(port)], port);
    await graphway.waitFor(/gateway at/);
    assert.equal(await graphway.stop("SIGINT"), 0, graphway.output());
    assert.doesNotMatch(graphway.output(), /waiting/);
    await expectNothingLeft(graphway.child.pid, port);
  });

  it("ends in order when nobody reads what it prints any more", async () => {
    const graphway = await startGraphway(["-f", join(folder, "manifest.yaml"), "--logs"]);
    graphway.child.stdout?.destroy();
    await writeFile(
      join(folder, "manifest.yaml"),
      manifestOf(mark).replace('"server.mjs","one"', '"server.mjs","uno"'),
    );
    assert.equal(await graphway.ended(), 0, graphway.output());
    await writeFile(join(folder, "manifest.yaml"), manifestOf(mark));
    await expectNothingLeft(graphway.child.pid, graphway.port);
  });

  it("leaves no process and no port behind when it is killed", async () => {
    const graphway = await startGraphway(["-f", join(folder, "manifest.yaml")]);
    await graphway.stop("SIGKILL");
    await expectNothingLeft(graphway.child.pid, graphway.port);
  });

  it("starts a model again that died in flight, says so, and its neighbour never notices", async () => {
    const graphway = await startGraphway(["-f", join(folder, "manifest.yaml")]);
    const rest = createRestClient(graphway.url);
    const [line = ""] = processesWith(`server.mjs one ${mark}`);
    process.kill(Number(line.trim().split(" ")[0]), "SIGKILL");
    await graphway.waitFor(/error: default\/one .*model.*SIGKILL/);
    assert.equal((await rest.call({ deployment: "two" })).status, 200);
    await until(
      async () => (await rest.call({ deployment: "one" })).status === 200,
      () => graphway.output(),
    );
    await rest.close();
    await graphway.stop();
  });

  it("reports a model that dies at its start with its last words, and serves the others", async () => {
    const bad = manifestOf(mark).replace('server.mjs","one', 'nowhere.mjs","one');
    await writeFile(join(folder, "bad.yaml"), bad);
    const graphway = await startGraphway(["-f", join(folder, "bad.yaml")], /serving .*default\/two/);
    await graphway.waitFor(/error: default\/one .*exit code 1[\s\S]*Cannot find module/);
    const rest = createRestClient(graphway.url);
    assert.equal((await rest.call({ deployment: "two" })).status, 200);
    await rest.close();
    await graphway.stop();
  });

  it("says when its port is in use", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const graphway = spawnGraphway(["run", "-f", join(folder, "manifest.yaml"), "--port", String(port)]);
    assert.equal(await graphway.ended(), 1);
    assert.match(graphway.output(), new RegExp(`port ${String(port)} of 127\\.0\\.0\\.1 is in use; .*--port`));
    server.close();
  });

  it("leaves its port to the first of two that start at once", async () => {
    const port = await freePort();
    const words = ["run", "-f", join(folder, "manifest.yaml"), "--port", String(port)];
    const both = [spawnGraphway(words, port), spawnGraphway(words, port)];
    const loser = await Promise.race(
      both.map(async (one) => ((await one.ended()) === 1 ? one : assert.fail(one.output()))),
    );
    assert.match(loser.output(), /Address already in use|is in use/);
    const winner = both.find((one) => one !== loser);
    await winner?.waitFor(/^ready/m);
    assert.equal(await winner?.stop(), 0);
  });

  it("says when a file is not there", async () => {
    const graphway = spawnGraphway(["run", "-f", join(folder, "nowhere.yaml")]);
    assert.equal(await graphway.ended(), 1);
    assert.match(graphway.output(), /no file or folder .*nowhere\.yaml/);
  });

  it("says what is wrong with the Envoy that it was told to use", async () => {
    const words = ["run", "-f", join(folder, "manifest.yaml"), "--port", String(await freePort())];
    const graphway = spawnGraphway(words, 0, { ENVOY_BIN: join(folder, "no-envoy") });
    assert.equal(await graphway.ended(), 1);
    assert.match(graphway.output(), /ENVOY_BIN.*no-envoy/);
  });

  it("refuses words that it does not know", async () => {
    for (const words of [["run"], ["run", "-f", "x", "--port", "0"], ["run", "-f", "x", "--endpoint", "x"]]) {
      const graphway = spawnGraphway(words);
      assert.equal(await graphway.ended(), 2, words.join(" "));
      assert.match(graphway.output(), /see graphway run --help/);
    }
  });
});
