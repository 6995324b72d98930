import { jobOf, startOrchestrator } from "./measure.ts";
import { residentBytes, type Peers } from "./processes.ts";
import type { Row } from "./rows.ts";

const PARTS = 10;
const ROW: Row = { transport: "rest", protocol: "seldon", shape: "single", size: "30B" };

/** Resident memory of the orchestrator, in MB, after each tenth of `requests` small requests. */
export async function measureMemory(
  peers: Peers,
  requests: number,
  nodeOptions: readonly string[],
): Promise<readonly number[]> {
  const orchestrator = await startOrchestrator(ROW, peers.ports.rest, peers.ports.grpc, nodeOptions);
  try {
    const job = jobOf(ROW, "graph", orchestrator.httpPort, 32, 3600);
    const megabytes: number[] = [];
    for (let part = 0; part < PARTS; part += 1) {
      await peers.load({ ...job, requests: Math.ceil(requests / PARTS) });
      megabytes.push(residentBytes(orchestrator.child.pid ?? 0) / 1e6);
    }
    return megabytes;
  } finally {
    await orchestrator.end("SIGTERM");
  }
}
