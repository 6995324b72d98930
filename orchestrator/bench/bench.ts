// Direct to a stub node against through the orchestrator, rounds alternating: `node orchestrator/bench/bench.ts [seconds]`.
// The stub and the load share the machine with the orchestrator: compare rows of one run, not runs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Agent, request } from "node:http";
import { Scope } from "../src/execute/scope.ts";
import { UnaryClient } from "../src/node/grpc/unary-client.ts";
import { enginePredictor, startProcess } from "../tests/orchestrator-process.ts";
import { encodeRequest } from "../tests/stub-node.ts";

const ROUNDS = 3;
const seconds = Number(process.argv[2] ?? 2);
const BODY = Buffer.from(JSON.stringify({ data: { tensor: { shape: [1, 1], values: [1] } } }));
const MESSAGE = encodeRequest("Predict", { data: { tensor: { shape: [1, 1], values: [1] } } });
const LIMITS = { connections: 1000, queue: 1000, connectTimeoutMs: 5000, maxReplyBytes: 1 << 20 };

interface Row {
  calls: number;
  totalMs: number;
  elapsedMs: number;
  orchestratorCpuMs: number;
}

const stub = spawn(process.execPath, [new URL("./stub.ts", import.meta.url).pathname], {
  stdio: ["ignore", "pipe", "inherit"],
});
const [line] = (await once(createInterface({ input: stub.stdout }), "line")) as [string];
const { httpPort, grpcPort } = JSON.parse(line) as { httpPort: number; grpcPort: number };
const env = { ENGINE_PREDICTOR: enginePredictor(httpPort, grpcPort) };
const orchestrator = await startProcess([], env);
const { pid } = orchestrator.child;
const agent = new Agent({ keepAlive: true });
const rows = new Map<string, Row>();

for (let round = 0; round <= ROUNDS; round += 1) {
  for (const clients of [1, 16]) {
    const rest = (port: number, path: string) => () => post(port, path);
    await measure(`REST direct, ${clients}`, clients, rest(httpPort, "/predict"), round);
    await measure(`REST via, ${clients}`, clients, rest(orchestrator.httpPort, "/api/v1.0/predictions"), round);
    await grpc(`gRPC direct, ${clients}`, clients, grpcPort, "/seldon.protos.Model/Predict", round);
    await grpc(`gRPC via, ${clients}`, clients, orchestrator.grpcPort, "/seldon.protos.Seldon/Predict", round);
  }
}
console.log("case, clients        calls/s   mean ms   orchestrator CPU µs/call");
for (const [name, row] of rows) {
  const rate = ((row.calls / row.elapsedMs) * 1000).toFixed(0);
  const cpu = name.includes("via") ? ((row.orchestratorCpuMs * 1000) / row.calls).toFixed(0) : "-";
  console.log(
    `${name.padEnd(18)} ${rate.padStart(9)} ${(row.totalMs / row.calls).toFixed(3).padStart(9)} ${cpu.padStart(10)}`,
  );
}
agent.destroy();
await orchestrator.end("SIGTERM");
stub.kill();

async function grpc(name: string, clients: number, port: number, path: string, round: number): Promise<void> {
  const client = new UnaryClient("127.0.0.1", port, LIMITS);
  await measure(name, clients, () => client.call(path, MESSAGE, {}, new Scope(Infinity)), round);
  client.destroy();
}

/** Closed loop; round 0 only warms up. */
async function measure(name: string, clients: number, call: () => Promise<unknown>, round: number): Promise<void> {
  const row = rows.get(name) ?? { calls: 0, totalMs: 0, elapsedMs: 0, orchestratorCpuMs: 0 };
  const startMs = performance.now();
  const endMs = startMs + (round === 0 ? 300 : seconds * 1000);
  const cpuBefore = cpuMs();
  let calls = 0;
  let totalMs = 0;
  const loop = async (): Promise<void> => {
    for (let nowMs = performance.now(); nowMs < endMs;) {
      await call();
      const doneMs = performance.now();
      calls += 1;
      totalMs += doneMs - nowMs;
      nowMs = doneMs;
    }
  };
  await Promise.all(Array.from({ length: clients }, loop));
  if (round === 0) return;
  row.calls += calls;
  row.totalMs += totalMs;
  row.elapsedMs += performance.now() - startMs;
  row.orchestratorCpuMs += cpuMs() - cpuBefore;
  rows.set(name, row);
}

/** CPU time of the orchestrator so far; its clock ticks are 10 ms. */
function cpuMs(): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function post(port: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: "127.0.0.1",
        port,
        path,
        agent,
        method: "POST",
        headers: { "content-type": "application/json", "content-length": BODY.length },
      },
      (response) => {
        response.resume();
        response.on("end", () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`status ${response.statusCode}`));
        });
      },
    );
    call.on("error", reject);
    call.end(BODY);
  });
}
