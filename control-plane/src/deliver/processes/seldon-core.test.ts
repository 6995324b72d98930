import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { Client, credentials } from "@grpc/grpc-js";
import { seldon } from "#proto/gen/seldon.js";
import { groupAlive } from "./group.ts";
import { startGuard } from "./guard.ts";
import { createLocalWorkloads } from "./local-workloads.ts";
import { isPortFree } from "./ports.ts";
import { containerPlan, deploymentPlan } from "./testdata/plans.ts";
import { until } from "./testdata/poll.ts";

const INSTALL = fileURLToPath(new URL("../../../../scripts/install-seldon-core.mjs", import.meta.url));
const FOLDER = fileURLToPath(new URL("./testdata/seldon-core/", import.meta.url));
const { SeldonMessage } = seldon.protos;

/** `Model/Predict` of a node. */
function predictByGrpc(port: number, values: number[]): Promise<readonly number[]> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const message = { data: { tensor: { shape: [1, values.length], values } } };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      "/seldon.protos.Model/Predict",
      (text: Uint8Array) => Buffer.from(text),
      (bytes: Buffer) => SeldonMessage.decode(bytes),
      SeldonMessage.encode(SeldonMessage.fromObject(message)).finish(),
      { deadline: Date.now() + 30_000 },
      (error, answer) => {
        client.close();
        if (error) reject(error);
        else resolve([...(answer?.data?.tensor?.values ?? [])]);
      },
    );
  });
}

/** How many processes a group has (Linux). */
function membersOf(pgid: number): number {
  return readdirSync("/proc").filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2] === String(pgid);
    } catch {
      return false;
    }
  }).length;
}

it("runs the real seldon-core-microservice, REST and gRPC, and none of its workers survives", async () => {
  const program = execFileSync(process.execPath, [INSTALL], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();
  const guard = startGuard();
  const log: string[] = [];
  const workloads = createLocalWorkloads({ guard, onLine: (line) => log.push(line.text), onChange: () => undefined });
  try {
    const model = containerPlan(
      "classifier",
      { command: [program], args: ["DoublingModel", "--service-type", "$(SERVICE_TYPE)"] },
      [
        { name: "SERVICE_TYPE", value: "MODEL" },
        { name: "GUNICORN_WORKERS", value: "2" },
      ],
    );
    const probe = { kind: "httpGet", path: "/health/ping", port: "http", scheme: "HTTP", headers: {} } as const;
    const ready = {
      initialDelaySeconds: 20,
      periodSeconds: 5,
      timeoutSeconds: 30,
      successThreshold: 1,
      failureThreshold: 3,
    };
    const container = { ...model, readinessProbe: { ...ready, action: probe } };
    const { problems } = await workloads.apply([deploymentPlan("iris", [{ containers: [container] }])], {
      folderOf: () => FOLDER,
      endpoints: [],
      xdsServer: "",
      enginePredictor: () => "",
    });
    assert.deepEqual(problems, []);
    const current = await until(() => workloads.states()[0]?.current, `a ready server; it said ${log.join("\n")}`);
    const { httpPort, grpcPort } = current.address;
    const response = await fetch(`http://127.0.0.1:${httpPort}/predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"data":{"ndarray":[[1,2.5]]}}',
    });
    assert.equal(response.status, 200);
    assert.deepEqual(((await response.json()) as { data: { ndarray: unknown } }).data.ndarray, [[2, 5]]);
    assert.deepEqual(await until(() => predictByGrpc(grpcPort, [1, 2.5]).catch(() => undefined), "gRPC"), [2, 5]);
    const pid = current.processes[0]?.pid ?? 0;
    if (process.platform === "linux") assert.ok(membersOf(pid) >= 3, "a master and its workers");
    await workloads.close();
    assert.ok(!groupAlive(pid));
    for (const port of [httpPort, grpcPort]) assert.ok(await isPortFree(port), `port ${port}`);
  } finally {
    await workloads.close();
    await guard.close();
  }
});
