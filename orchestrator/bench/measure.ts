import { startProcess, type OrchestratorProcess } from "../tests/orchestrator-process.ts";
import { predictorOf } from "./graphs.ts";
import { addAll, quantileMs, type Latencies } from "./latencies.ts";
import type { LoadFigures, LoadJob } from "./load-job.ts";
import { grpcMessage, grpcPaths, restBody, restPaths } from "./messages.ts";
import { cpuMs, startRelay, type Peers } from "./processes.ts";
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
  /** Through a relay that only moves the bytes; absent where a request makes several calls. */
  readonly relayed?: Figures;
}

const WARM_UP_SECONDS = 0.5;

/** Measures a row: rounds of calls to the node itself and through the orchestrator, in turn. */
export async function measureRow(
  peers: Peers,
  row: Row,
  connections: number,
  seconds: number,
  rounds: number,
  nodeOptions: readonly string[],
): Promise<Measurement> {
  const { ports } = peers;
  const nodePort = row.transport === "rest" ? ports.rest : ports.grpc;
  const orchestrator = await startOrchestrator(row, ports.rest, ports.grpc, nodeOptions);
  const relay = row.shape === "single" ? await startRelay(nodePort) : undefined;
  try {
    const ownPort = row.transport === "rest" ? orchestrator.httpPort : orchestrator.grpcPort;
    const direct = new Tally(peers, jobOf(row, "node", nodePort, connections, seconds), peers.stubPid);
    const via = new Tally(peers, jobOf(row, "graph", ownPort, connections, seconds), orchestrator.child.pid ?? 0);
    const relayed = relay && new Tally(peers, jobOf(row, "node", relay.port, connections, seconds), relay.pid);
    const ways = [direct, via, ...(relayed === undefined ? [] : [relayed])];
    for (const way of ways) await way.warmUp();
    for (let round = 0; round < rounds; round += 1) {
      for (const way of ways) await way.round();
    }
    const figures = { direct: direct.figures(), via: via.figures() };
    return relayed === undefined ? figures : { ...figures, relayed: relayed.figures() };
  } finally {
    relay?.stop();
    await orchestrator.end("SIGTERM");
  }
}

/** The echo server under the same load, so that figures of different days and machines can be compared. */
export async function measureEcho(peers: Peers, connections: number, seconds: number): Promise<Figures> {
  const row: Row = { transport: "rest", protocol: "seldon", shape: "single", size: "30B" };
  const echo = new Tally(peers, jobOf(row, "node", peers.ports.echo, connections, seconds), peers.stubPid);
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
  readonly #peers: Peers;
  readonly #job: LoadJob;
  readonly #pid: number;
  readonly #latencies: Latencies = [];
  #calls = 0;
  #elapsedMs = 0;
  #totalMs = 0;
  #cpuMs = 0;

  constructor(peers: Peers, job: LoadJob, pid: number) {
    this.#peers = peers;
    this.#job = job;
    this.#pid = pid;
  }

  async warmUp(): Promise<void> {
    await this.#peers.load({ ...this.#job, seconds: WARM_UP_SECONDS });
  }

  async round(): Promise<void> {
    const beforeMs = cpuMs(this.#pid);
    const figures: LoadFigures = await this.#peers.load(this.#job);
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
