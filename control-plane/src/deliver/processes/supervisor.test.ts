import assert from "node:assert/strict";
import { createServer } from "node:net";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { groupAlive } from "./group.ts";
import { startGuard, type Guard } from "./guard.ts";
import type { LocalProbe } from "./health.ts";
import { createPortPool } from "./ports.ts";
import { runProbe, type LocalAction } from "./probe.ts";
import {
  DEFAULT_SUPERVISOR_SETTINGS,
  Supervisor,
  type LogLine,
  type ProcessState,
  type SupervisedSpec,
} from "./supervisor.ts";
import { ask, until } from "./testdata/poll.ts";

const SCRIPT = fileURLToPath(new URL("./testdata/server.mjs", import.meta.url));
const ports = createPortPool();
let guard: Guard;
before(() => {
  guard = startGuard();
});
const all: Supervisor[] = [];
after(async () => {
  await Promise.all(all.map((one) => one.stop()));
  await guard.close();
});

const httpGet = (port: number, path: string): LocalAction => ({
  kind: "httpGet",
  scheme: "HTTP",
  path,
  port,
  headers: {},
});

function probeOf(action: LocalAction, more: Partial<LocalProbe> = {}): LocalProbe {
  return {
    action,
    initialDelayMs: 60_000,
    periodMs: 50,
    timeoutMs: 30_000,
    successThreshold: 1,
    failureThreshold: 2,
    ...more,
  };
}

/** A supervised test server on a free port, its states and its log. */
async function supervise(
  env: Record<string, string> = {},
  more: (port: number) => Partial<SupervisedSpec> = () => ({}),
) {
  const port = await ports.take();
  const states: ProcessState[] = [];
  /** When it was started, and started again. */
  const startsMs: number[] = [];
  const log: LogLine[] = [];
  const spec: SupervisedSpec = {
    label: "default/iris/main/model",
    launch: { command: [process.execPath, SCRIPT, String(port)], cwd: "/", env },
    probes: { readiness: probeOf(httpGet(port, "/ready")) },
    graceMs: 60_000,
    ...more(port),
  };
  const settings = { ...DEFAULT_SUPERVISOR_SETTINGS, startIntervalMs: 20, backoffFirstMs: 30, backoffMaxMs: 120 };
  const one = new Supervisor(spec, guard, settings, {
    onLine: (line) => log.push(line),
    onChange: (state) => {
      if (state.phase === "starting" && startsMs.length <= state.restarts) startsMs.push(performance.now());
      states.push(state);
    },
  });
  all.push(one);
  one.start();
  const phase = (name: string): Promise<true> => until(() => one.state.phase === name, name).then(() => true);
  return { one, port, states, startsMs, log, phase };
}

describe("supervisor", () => {
  it("is ready as soon as the probe is, whatever the initial delay, and stops by SIGTERM", async () => {
    const { one, port, phase, log } = await supervise({ READY_AFTER_MS: "200" });
    await phase("ready");
    const pid = (await ask(port))?.pid ?? 0;
    assert.equal(pid, one.state.pid);
    await one.stop();
    assert.equal(one.state.phase, "stopped");
    assert.ok(!groupAlive(pid));
    assert.deepEqual(
      log.map((line) => line.text),
      [`listening on ${port}`, "got SIGTERM"],
    );
    await one.stop();
  });

  it("kills after the grace what ignores SIGTERM, with its children", async () => {
    const { one, phase } = await supervise({ IGNORE_TERM: "1", CHILD: "1" }, () => ({ graceMs: 150 }));
    await phase("ready");
    const { pid = 0 } = one.state;
    const begun = performance.now();
    await one.stop();
    const tookMs = performance.now() - begun;
    assert.ok(tookMs >= 140, `${tookMs} ms`);
    assert.ok(!groupAlive(pid));
  });

  it("starts again what dies, with growing pauses, and says how it died", async () => {
    const { one, states } = await supervise({ EXIT_AT_START: "5", SAY: "no model file" });
    await until(() => one.state.restarts >= 3, "three restarts");
    const failure = states.findLast((state) => state.failure !== undefined)?.failure;
    assert.deepEqual(failure, { code: 5, signal: null, lastLines: ["no model file"], wasReady: false });
    await one.stop();
  });

  it("comes back after a death in flight", async () => {
    const { one, port, phase, states } = await supervise();
    await phase("ready");
    await ask(port, "/die");
    await until(() => one.state.restarts === 1 && one.state.phase === "ready", "the restart");
    const failure = states.find((state) => state.failure)?.failure;
    assert.equal(failure?.code, 3);
    assert.equal(failure.wasReady, true);
    assert.deepEqual(failure.lastLines, ["dying as asked"]);
    assert.equal(one.state.failure, undefined);
    await one.stop();
  });

  it("doubles the pause up to the most", async () => {
    const { one, startsMs } = await supervise({}, () => ({ launch: { command: ["/bin/false"], cwd: "/", env: {} } }));
    await until(() => startsMs.length >= 6, "six starts");
    await one.stop();
    const pausesMs = startsMs.slice(1).map((at, index) => at - (startsMs[index] ?? 0));
    for (const [index, leastMs] of [30, 60, 120, 120, 120].entries()) {
      assert.ok((pausesMs[index] ?? 0) >= leastMs - 2, `pause ${index}: ${String(pausesMs[index])} ms`);
    }
  });

  it("takes a process out while its readiness probe fails, and only after failureThreshold", async () => {
    const { one, port, phase } = await supervise();
    await phase("ready");
    await ask(port, "/fail-ready");
    await phase("unready");
    assert.match(one.state.notReady ?? "", /readiness probe: GET \/ready on port \d+ answered 503/);
    assert.equal(one.state.restarts, 0);
    await one.stop();
  });

  it("restarts a process whose liveness probe fails", async () => {
    const { one, port, phase, states } = await supervise({}, (at) => ({
      probes: { readiness: probeOf(httpGet(at, "/ready")), liveness: probeOf(httpGet(at, "/live")) },
    }));
    await phase("ready");
    await ask(port, "/fail-live");
    await until(() => one.state.restarts === 1 && one.state.phase === "ready", "the restart");
    assert.match(states.find((state) => state.failure)?.failure?.probe ?? "", /liveness probe: .* answered 500/);
    await one.stop();
  });

  it("gives up on a startup probe after initial delay + period * threshold, and not before", async () => {
    const { one, states } = await supervise({ READY_AFTER_MS: "100000" }, (at) => ({
      probes: { startup: probeOf(httpGet(at, "/ready"), { initialDelayMs: 200, periodMs: 100, failureThreshold: 3 }) },
    }));
    const begun = performance.now();
    await until(() => one.state.failure, "the end");
    assert.ok(performance.now() - begun >= 490);
    assert.match(states.find((state) => state.failure)?.failure?.probe ?? "", /startup probe/);
    await one.stop();
  });

  it("waits for the startup probe before it asks the others", async () => {
    const { one, phase } = await supervise({ READY_AFTER_MS: "300" }, (at) => ({
      probes: {
        startup: probeOf(httpGet(at, "/ready"), { failureThreshold: 100 }),
        liveness: probeOf(httpGet(at, "/ready"), { initialDelayMs: 0, failureThreshold: 1 }),
      },
    }));
    await phase("ready");
    assert.equal(one.state.restarts, 0);
    await one.stop();
  });

  it("runs preStop before SIGTERM", async () => {
    const folder = mkdtempSync(join(tmpdir(), "graphway-prestop-"));
    const file = join(folder, "out");
    const { one, phase, log } = await supervise({}, (at) => ({
      preStop: httpGet(at, `/write?file=${encodeURIComponent(file)}`),
    }));
    await phase("ready");
    await one.stop();
    assert.equal(readFileSync(file, "utf8"), "written");
    assert.equal(log.at(-1)?.text, "got SIGTERM");
    rmSync(folder, { recursive: true });
  });

  it("can be stopped while it pauses and before it ever started", async () => {
    const { one, phase } = await supervise({ EXIT_AT_START: "1" });
    await phase("waiting");
    await one.stop();
    assert.equal(one.state.phase, "stopped");
  });
});

describe("probes", () => {
  it("judges exec by its exit code and ends it when it is too slow", async () => {
    const exec = (script: string): LocalAction => ({
      kind: "exec",
      launch: { command: ["/bin/sh", "-c", script], cwd: "/", env: { PATH: "/bin:/usr/bin" } },
    });
    assert.deepEqual(await runProbe(exec("exit 0"), 60_000, guard), { ok: true });
    assert.match(reasonOf(await runProbe(exec("exit 4"), 60_000, guard)), /exit code 4/);
    assert.match(reasonOf(await runProbe(exec("sleep 60"), 100, guard)), /no end in 100 ms/);
  });

  it("connects for tcpSocket", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    assert.deepEqual(await runProbe({ kind: "tcpSocket", port }, 60_000, guard), { ok: true });
    await new Promise((resolve) => server.close(resolve));
    assert.match(reasonOf(await runProbe({ kind: "tcpSocket", port }, 60_000, guard)), /ECONNREFUSED/);
  });

  it("gives up on a server that does not answer", async () => {
    const server = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    assert.match(reasonOf(await runProbe(httpGet(port, "/"), 100, guard)), /no answer in 100 ms/);
    server.close();
  });

  it("asks gRPC health for a service", async () => {
    const server = new Server();
    const raw = (bytes: Buffer): Buffer => bytes;
    const check = { path: "/grpc.health.v1.Health/Check", requestStream: false, responseStream: false } as const;
    const codec = { requestSerialize: raw, requestDeserialize: raw, responseSerialize: raw, responseDeserialize: raw };
    server.addService(
      { check: { ...check, ...codec } },
      {
        check: (call: { request: Buffer }, done: (error: null, answer: Buffer) => void) => {
          const good = call.request.equals(Buffer.from([0x0a, 3, ...Buffer.from("abc")]));
          done(null, Buffer.from(good ? [0x08, 1] : [0x08, 2]));
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, at) => {
        if (error) reject(error);
        else resolve(at);
      });
    });
    assert.deepEqual(await runProbe({ kind: "grpc", port, service: "abc" }, 60_000, guard), { ok: true });
    assert.match(reasonOf(await runProbe({ kind: "grpc", port, service: "" }, 60_000, guard)), /NOT_SERVING/);
    server.forceShutdown();
    assert.match(reasonOf(await runProbe({ kind: "grpc", port, service: "" }, 60_000, guard)), /gRPC health of/);
  });
});

function reasonOf(result: Awaited<ReturnType<typeof runProbe>>): string {
  return result.ok ? "" : result.reason;
}
