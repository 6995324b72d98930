import { startProcess, type OrchestratorProcess } from "../tests/orchestrator-process.ts";
import { predictorOf } from "./graphs.ts";
import { addAll, quantileMs, type Latencies } from "./latencies.ts";
import type { LoadFigures, LoadJob } from "./load-job.ts";
import { grpcMessage, grpcPaths, restBody, restPaths } from "./messages.ts";
import { cpuMs, type Helpers } from "./processes.ts";
import type { Row } from "./rows.ts";

/** The figures of one way to call, all rounds together. */
export interface Figures {
  readonly requestsPerSecond: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU of the process under test per request. */
  readonly cpuMicros: number;
}

export interface Measurement {
  readonly direct: Figures;
  readonly via: Figures;
}

const WARM_UP_SECONDS = 0.5;

/** Measures a row: rounds of calls to the node itself and through the orchestrator, in turn. */
export async function measureRow(
  helpers: Helpers,
  row: Row,
  connections: number,
  seconds: number,
  rounds: number,
  nodeOptions: readonly string[],
): Promise<Measurement> {
  const { ports } = helpers;
  const orchestrator = await startOrchestrator(row, ports.rest, ports.grpc, nodeOptions);
  try {
    const ownPort = row.transport === "rest" ? orchestrator.httpPort : orchestrator.grpcPort;
    const nodePort = row.transport === "rest" ? ports.rest : ports.grpc;
    const direct = new Tally(helpers, jobOf(row, "node", nodePort, connections, seconds), helpers.stubPid);
    const via = new Tally(helpers, jobOf(row, "graph", ownPort, connections, seconds), orchestrator.child.pid ?? 0);
    await direct.warmUp();
    await via.warmUp();
    for (let round = 0; round < rounds; round += 1) {
      await direct.round();
      await via.round();
    }
    return { direct: direct.figures(), via: via.figures() };
  } finally {
    await orchestrator.end("SIGTERM");
  }
}

/** The echo server under the same load, so that figures of different days and machines can be compared. */
export async function measureEcho(helpers: Helpers, connections: number, seconds: number): Promise<Figures> {
  const row: Row = { transport: "rest", protocol: "seldon", shape: "single", size: "30B" };
  const echo = new Tally(helpers, jobOf(row, "node", helpers.ports.echo, connections, seconds), helpers.stubPid);
  await echo.warmUp();
  await echo.round();
  return echo.figures();
}

export function startOrchestrator(
  row: Row,
  restPort: number,
  grpcPort: number,
  nodeOptions: readonly string[],
): Promise<OrchestratorProcess> {
  const predictor = predictorOf(row.shape, restPort, grpcPort);
  return startProcess(["--protocol", row.protocol], {
    ENGINE_PREDICTOR: predictor,
    NODE_OPTIONS: nodeOptions.join(" "),
  });
}

export function jobOf(row: Row, target: "graph" | "node", port: number, connections: number, seconds: number): LoadJob {
  const { transport, protocol, size } = row;
  const body = transport === "rest" ? restBody(protocol, size) : grpcMessage(protocol, size);
  const paths = transport === "rest" ? restPaths(protocol) : grpcPaths(protocol);
  const contentType = "application/json";
  return { transport, port, path: paths[target], body: body.toString("base64"), contentType, connections, seconds };
}

class Tally {
  readonly #helpers: Helpers;
  readonly #job: LoadJob;
  readonly #pid: number;
  readonly #latencies: Latencies = [];
  #calls = 0;
  #elapsedMs = 0;
  #totalMs = 0;
  #cpuMs = 0;

  constructor(helpers: Helpers, job: LoadJob, pid: number) {
    this.#helpers = helpers;
    this.#job = job;
    this.#pid = pid;
  }

  async warmUp(): Promise<void> {
    await this.#helpers.load({ ...this.#job, seconds: WARM_UP_SECONDS });
  }

  async round(): Promise<void> {
    const beforeMs = cpuMs(this.#pid);
    const figures: LoadFigures = await this.#helpers.load(this.#job);
    this.#cpuMs += cpuMs(this.#pid) - beforeMs;
    this.#calls += figures.calls;
    this.#elapsedMs += figures.elapsedMs;
    this.#totalMs += figures.totalMs;
    addAll(this.#latencies, figures.latencies);
  }

  figures(): Figures {
    return {
      requestsPerSecond: (this.#calls / this.#elapsedMs) * 1000,
      meanMs: this.#totalMs / this.#calls,
      p50Ms: quantileMs(this.#latencies, 0.5),
      p99Ms: quantileMs(this.#latencies, 0.99),
      cpuMicros: (this.#cpuMs * 1000) / this.#calls,
    };
  }
}
