// The node's first process, in its own mount, network, PID, IPC and UTS namespaces: prepares them and runs the daemons. When
// it ends, so does everything below it. Called by up.ts: `node init.ts <project> <packages> [until-eof]`.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, openSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { layoutOf, NODE } from "../layout.ts";
import { runProgram } from "../setup/run-program.ts";
import { apiDaemons, containerd, nodeDaemons, type Daemon } from "./daemons.ts";
import { nodeEnvironment } from "./inside.ts";
import { prepareMachine } from "./prepare-machine.ts";

const [, , root = "", packages = "", mode = ""] = process.argv;
const layout = layoutOf(root);
const started = performance.now();
const times = createWriteStream(join(layout.run, "times"), { flags: "a" });
let isStopping = false;

const env = nodeEnvironment(layout, packages);

if (mode === "until-eof") {
  process.stdin.resume();
  process.stdin.on("end", () => void stop());
}
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void stop());

const running = new Map<string, ChildProcess>();

try {
  await prepareMachine(layout);
  await runProgram("openssl", [
    "ecparam",
    "-name",
    "prime256v1",
    "-genkey",
    "-noout",
    "-out",
    `${layout.run}/pki/sa.key`,
  ]);
  note("machine");
  for (const daemon of apiDaemons(layout)) start(daemon);
  start(containerd(layout, packages));
  await Promise.all([untilContainerd(), untilApi()]);
  for (const daemon of nodeDaemons(layout)) start(daemon);
  await until("the node", nodeIsReady);
  note("node");
  writeFileSync(join(layout.run, "ready"), "");
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

function start(daemon: Daemon, flags: "w" | "a" = "w"): void {
  const log = openSync(join(layout.logs, `${daemon.name}.log`), flags);
  const child = spawn(daemon.program, daemon.args, { stdio: ["ignore", log, log], env: { ...process.env, ...env } });
  running.set(daemon.name, child);
  child.on("exit", (code, signal) => {
    running.delete(daemon.name);
    if (isStopping) return;
    if (daemon.isRestarted === true) {
      start(daemon, "a");
      return;
    }
    process.stderr.write(`${daemon.name} ended (${signal ?? code}); see logs/${daemon.name}.log\n`);
    process.exit(1);
  });
  child.on("error", (error) => {
    process.stderr.write(`${daemon.name} can't be run: ${error.message}\n`);
    process.exit(1);
  });
}

/** The API server before etcd: it would wait for it otherwise. What is left ends with the namespace. */
async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  for (const name of ["kubelet", "kube-apiserver"]) {
    const child = running.get(name);
    if (child === undefined) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  process.exit(0);
}

async function untilContainerd(): Promise<void> {
  const ctr = join(packages, "usr/bin/ctr");
  await until("containerd", () =>
    runProgram(ctr, ["-a", "/run/containerd/containerd.sock", "version"], { env }).then(yes, no),
  );
  note("containerd");
}

async function untilApi(): Promise<void> {
  await until("the API server", () => get("/readyz").then(({ status }) => status === 200, no));
  note("api server");
}

async function nodeIsReady(): Promise<boolean> {
  const { status, body } = await get(`/api/v1/nodes/${NODE.name}`);
  if (status !== 200) return false;
  const conditions = (JSON.parse(body) as { status?: { conditions?: { type: string; status: string }[] } }).status
    ?.conditions;
  if (conditions?.some((one) => one.type === "Ready" && one.status === "True") !== true) return false;
  return (await get("/api/v1/namespaces/default/serviceaccounts/default")).status === 200;
}

function get(path: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      host: "127.0.0.1",
      port: NODE.apiPort,
      path,
      // Its certificate is made by itself a moment before.
      rejectUnauthorized: false,
      headers: { authorization: "Bearer admin-token" },
      timeout: 2000,
    };
    const call = request(options, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => (body += text));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    call.on("timeout", () => call.destroy(new Error("too slow")));
    call.on("error", reject);
    call.end();
  });
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 120_000;
  while (!(await isSo().catch(no))) {
    if (performance.now() > deadlineMs) throw new Error(`${what} is not ready after 120 s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function note(what: string): void {
  times.write(`${what} ${((performance.now() - started) / 1000).toFixed(1)}\n`);
}

function yes(): boolean {
  return true;
}

function no(): boolean {
  return false;
}
