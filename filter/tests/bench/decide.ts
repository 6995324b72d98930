// What a decision costs in V8, without Envoy: `node --no-liftoff filter/tests/bench/decide.ts`. The host only hands over and counts, so the
// figure is the filter's own work and its crossings. Rounds of all variants alternate; the minimum of each is printed.
import { encodeRouteTable } from "#proto/route-table/encode.ts";
import { filterBytes } from "../host/filter-file.ts";
import { encodePairs } from "../host/pairs.ts";

const REQUESTS = 100_000;
const ROUNDS = 9;

interface Bench {
  readonly name: string;
  readonly run: () => void;
}

function tableOf(deployments: number, predictors: number): Uint8Array {
  return encodeRouteTable({
    role: "gateway",
    generation: 1n,
    deployments: Array.from({ length: deployments }, (_, index) => ({
      key: `default/model-${index}`,
      permits: { force: false, explain: false },
      predictors: Array.from({ length: predictors }, (_, one) => ({
        name: `predictor-${one}`,
        weight: one + 1,
        httpCluster: `http-${index}-${one}`,
        grpcCluster: `grpc-${index}-${one}`,
      })),
      shadows: [],
    })),
  });
}

function requestsTo(deployments: number, prefix: string): readonly Uint8Array[] {
  const others = Array.from({ length: 16 }, (_, index) => [`header-${index}`, "some value of a header"] as const);
  return Array.from({ length: 64 }, (_, index) =>
    encodePairs([
      [":path", `${prefix}/default/model-${(index * 7919) % deployments}/api/v1.0/predictions`],
      ["x-request-id", `5de5c391-f21a-31f7-a20a-71c00f8${String(index).padStart(5, "0")}`],
      ...others,
    ]),
  );
}

/** A filter with a host that does as little as it can. */
function load(table: Uint8Array, requests: readonly Uint8Array[]): () => void {
  let input = table;
  let memory = { buffer: new ArrayBuffer() };
  let allocate: (size: number) => number = () => 0;
  const give = (dataOut: number, lengthOut: number): number => {
    const at = allocate(input.length);
    new Uint8Array(memory.buffer).set(input, at);
    const words = new Uint32Array(memory.buffer);
    words[dataOut >> 2] = at;
    words[lengthOut >> 2] = input.length;
    return 0;
  };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(filterBytes()), {
    env: {
      proxy_log: () => 0,
      proxy_get_buffer_bytes: (...words) => give(words[3] ?? 0, words[4] ?? 0),
      proxy_get_header_map_pairs: (...words) => give(words[1] ?? 0, words[2] ?? 0),
      proxy_replace_header_map_value: () => 0,
      proxy_remove_header_map_value: () => 0,
    },
    wasi_snapshot_preview1: { random_get: () => 0 },
  });
  const exports = instance.exports as unknown as {
    memory: typeof memory;
    _initialize: () => void;
    proxy_on_memory_allocate: typeof allocate;
    proxy_on_configure: (root: number, size: number) => number;
    proxy_on_request_headers: (context: number, count: number, end: number) => number;
  };
  memory = exports.memory;
  allocate = exports.proxy_on_memory_allocate;
  exports._initialize();
  if (exports.proxy_on_configure(1, table.length) !== 1) throw new Error("the table was refused");
  return () => {
    for (let index = 0; index < REQUESTS; index++) {
      input = requests[index & 63] ?? table;
      exports.proxy_on_request_headers(2, 0, 1);
    }
  };
}

function nanosecondsOf(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / REQUESTS;
}

const benches: readonly Bench[] = [
  {
    name: "inbound (one read, no decision)",
    run: load(
      new Uint8Array(encodeRouteTable({ role: "inbound", generation: 1n, deployments: [] })),
      requestsTo(1, "/other"),
    ),
  },
  { name: "1,000 deployments, another path", run: load(tableOf(1000, 2), requestsTo(1000, "/other")) },
  ...[10, 1000, 10_000].map((count) => ({
    name: `${count} deployments, 2 predictors`,
    run: load(tableOf(count, 2), requestsTo(count, "/seldon")),
  })),
  { name: "1000 deployments, 5 predictors", run: load(tableOf(1000, 5), requestsTo(1000, "/seldon")) },
];

const best = benches.map(() => Infinity);
for (let round = 0; round < ROUNDS; round++) {
  benches.forEach(({ run }, index) => (best[index] = Math.min(best[index] ?? Infinity, nanosecondsOf(run))));
}
benches.forEach(({ name }, index) => {
  console.log(`${name.padEnd(36)} ${(best[index] ?? 0).toFixed(0).padStart(6)} ns per request`);
});
