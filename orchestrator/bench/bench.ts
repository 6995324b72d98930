// Direct to stub nodes against through the orchestrator, rounds alternating. `--help` lists the options.
// Load and stubs share the machine with the orchestrator: compare the rows of one run, and CPU rather than rates.
import { availableParallelism } from "node:os";
import { measureMemory } from "./memory.ts";
import { measureEcho, measureRow } from "./measure.ts";
import { readOptions, USAGE, type BenchOptions } from "./options.ts";
import { startPeers, type Peers } from "./processes.ts";
import { cellsOf, headLine, line } from "./report.ts";
import { chooseRows } from "./rows.ts";

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));

const options = readOptions(process.argv.slice(2));
if (options === undefined) process.stdout.write(USAGE);
else {
  const peers = await startPeers();
  try {
    await run(peers, options);
  } finally {
    peers.stop();
  }
}

async function run(peers: Peers, options: BenchOptions): Promise<void> {
  const { connections, seconds, rounds, markdown, nodeOptions } = options;
  const echo = await measureEcho(peers, Math.max(...connections), seconds);
  const machine = `Node ${process.version}, ${availableParallelism()} cores`;
  console.log(`${machine}; bare node:http echo: ${echo.cpuMicros.toFixed(1)} µs CPU per request\n`);
  if (options.memoryRequests > 0) {
    const megabytes = await measureMemory(peers, options.memoryRequests, nodeOptions);
    console.log(`resident MB after each tenth of ${options.memoryRequests} requests:`);
    console.log(megabytes.map((one) => one.toFixed(0)).join(" "));
    return;
  }
  console.log(headLine(markdown));
  for (const row of chooseRows(options.rows)) {
    for (const clients of connections) {
      const measurement = await measureRow(peers, row, clients, seconds, rounds, nodeOptions);
      console.log(line(cellsOf(row, clients, measurement), markdown));
    }
  }
}
