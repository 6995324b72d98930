import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, readlinkSync, readdirSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { startLoad } from "./load.ts";
import { enginePredictor, runProcess, startProcess, type OrchestratorProcess } from "./orchestrator-process.ts";
import { callGrpc } from "./orchestrator.ts";
import { encodeRequest, startStub, type StubNode } from "./stub-node.ts";

const WORKERS = 2;

function workersOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(/\s+/).filter(Boolean).map(Number);
}

function socketsOf(pid: number): number {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return links.filter((link) => link.startsWith("socket:")).length;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!(await condition())) {
    assert.ok(performance.now() < endMs, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe("several workers", { timeout: 600_000 }, () => {
  let stub: StubNode;
  let env: Readonly<Record<string, string>>;
  let process: OrchestratorProcess;
  let url: string;

  const predict = async (): Promise<number> => {
    const path = `${url}/api/v1.0/predictions`;
    const response = await fetch(path, { method: "POST", body: "{}", headers: { connection: "close" } });
    await response.arrayBuffer();
    return response.status;
  };
  const metric = async (pattern: RegExp): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`, { headers: { connection: "close" } })).text();
    return Number(pattern.exec(text)?.[1] ?? 0);
  };
  const served = (service: string) =>
    metric(new RegExp(`^seldon_api_executor_server_requests_seconds_count{.*service="${service}".*} (\\d+)$`, "m"));
  const isReady = async (): Promise<boolean> =>
    (await fetch(`${url}/ready`, { headers: { connection: "close" } })).status === 200;

  before(async () => {
    stub = await startStub(
      "m0",
      () => ({ body: { strData: "yes" } }),
      () => {},
    );
    env = { ENGINE_PREDICTOR: enginePredictor(stub.httpPort, stub.grpcPort) };
    process = await startProcess([`--workers=${WORKERS}`, "--graceful_timeout=3s"], env);
    url = `http://127.0.0.1:${process.httpPort}`;
    await until(isReady);
  });
  after(async () => {
    process.child.kill("SIGKILL");
    await stub.stop();
  });

  it("share the connections of a port", async () => {
    const workers = workersOf(process.child.pid ?? 0);
    assert.equal(workers.length, WORKERS);
    const before = workers.map(socketsOf);
    const sockets: Socket[] = [];
    const gained = (): number[] => workers.map((pid, i) => socketsOf(pid) - (before[i] ?? 0));
    // One that gets no processor gets fewer of them.
    await until(async () => {
      const socket = connect(process.httpPort, "127.0.0.1");
      sockets.push(socket);
      await once(socket, "connect");
      return gained().every((count) => count >= 5);
    });
    for (const socket of sockets) socket.destroy();
  });

  it("answer a scrape for all of them, exactly, whichever is asked", async () => {
    const requests = 60;
    const statuses = await Promise.all(Array.from({ length: requests }, predict));
    assert.deepEqual([...new Set(statuses)], [200]);
    const calls = 20;
    const message = encodeRequest("Predict", {});
    for (let i = 0; i < calls; i += 1) {
      assert.equal((await callGrpc(process.grpcPort, "/seldon.protos.Seldon/Predict", message)).code, 0);
    }
    for (let i = 0; i < 8; i += 1) {
      assert.equal(await served("predictions"), requests);
      assert.equal(await served("/seldon.protos.Seldon/Predict"), calls);
    }
    assert.equal(await metric(/^graphway_orchestrator_workers (\d+)$/m), WORKERS);
  });

  it("go on without one that is killed, are not ready meanwhile, and get another", async () => {
    const before = await served("predictions");
    let deaths = 0;
    const load = startLoad(process.httpPort, 8);
    let failures: readonly string[];
    try {
      await until(() => load.count() > 50);
      // The time without it is short at first, and longer every time.
      let wasUnready = false as boolean;
      while (!wasUnready) {
        const victim = workersOf(process.child.pid ?? 0).at(-1) ?? 0;
        globalThis.process.kill(victim, "SIGKILL");
        deaths += 1;
        await until(async () => {
          wasUnready ||= !(await isReady().catch(() => true));
          const pids = workersOf(process.child.pid ?? 0);
          return wasUnready || (pids.length === WORKERS && !pids.includes(victim));
        });
      }
      const meanwhile = load.count();
      await until(() => load.count() > meanwhile + 20);
      await until(() => isReady().catch(() => false));
      const again = load.count();
      await until(() => load.count() > again + 20);
    } finally {
      ({ failures } = await load.stop());
    }
    // Only what was on the killed processes' connections.
    assert.ok(failures.length <= 8 * deaths, failures.join("; "));
    assert.equal(workersOf(process.child.pid ?? 0).length, WORKERS);
    assert.equal(await metric(/^graphway_orchestrator_worker_restarts_total (\d+)$/m), deaths);
    assert.ok((await served("predictions")) >= before, "a counter went back");
  });

  it("end what they have in flight after SIGTERM, and the process exits 0", async () => {
    let called = 0;
    const slow = await startStub(
      "m0",
      () => ({ body: { strData: "late" }, delayMs: 400 }),
      () => (called += 1),
    );
    const own = await startProcess(["--workers=2"], {
      ENGINE_PREDICTOR: enginePredictor(slow.httpPort, slow.grpcPort),
    });
    try {
      const calls = Array.from({ length: 8 }, () =>
        fetch(`http://127.0.0.1:${own.httpPort}/api/v1.0/predictions`, { method: "POST", body: "{}" }),
      );
      await until(() => called === 8);
      const exit = own.end("SIGTERM");
      assert.deepEqual([...new Set((await Promise.all(calls)).map((response) => response.status))], [200]);
      assert.equal(await exit, 0);
    } finally {
      await slow.stop();
    }
  });

  it("exit 1 where a second signal ends them at once", async () => {
    const called = Promise.withResolvers<undefined>();
    const hung = await startStub(
      "m0",
      () => ({ hang: true }),
      () => {
        called.resolve(undefined);
      },
    );
    const own = await startProcess(["--workers=2", "--graceful_timeout=60s"], {
      ENGINE_PREDICTOR: enginePredictor(hung.httpPort, hung.grpcPort),
    });
    try {
      const cut = assert.rejects(
        fetch(`http://127.0.0.1:${own.httpPort}/api/v1.0/predictions`, { method: "POST", body: "{}" }),
      );
      await called.promise;
      own.child.kill("SIGTERM");
      await until(
        async () => (await fetch(`http://127.0.0.1:${own.httpPort}/live`).catch(() => undefined)) === undefined,
      );
      assert.equal(await own.endAtOnce("SIGTERM"), 1);
      await cut;
    } finally {
      await hung.stop();
    }
  });

  it("end when the process that started them is killed", async () => {
    const own = await startProcess(["--workers=2"], env);
    const workers = workersOf(own.child.pid ?? 0);
    await own.end("SIGKILL");
    const isGone = (pid: number): boolean => {
      try {
        globalThis.process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    };
    await until(() => workers.every(isGone));
  });

  it("don't start where a port is taken, and say so", async () => {
    const taken = createServer().listen(0);
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const ended = await runProcess(["--workers=2", `--http_port=${port}`], env);
    taken.close();
    assert.equal(ended.code, 255);
    assert.match(ended.stderr, new RegExp(`port ${port} can't be taken`));
  });
});
