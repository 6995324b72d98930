// What the filter costs in a real Envoy, in microseconds of its worker's CPU per request: `node filter/tests/bench/envoy.ts`. One Envoy has a
// listener for each variant; rounds go through all of them, forwards and backwards by turns. A lone filter drowns in the
// noise of a machine, so it is measured in copies too. Prints Markdown. Linux only.
import { parseArgs } from "node:util";
import { HEADER_PREDICTOR } from "#proto/vocabulary/headers.ts";
import { RunningEnvoy } from "../envoy/envoy.ts";
import { benchBootstrap, chainName, type Variant, variantsOf } from "./envoy-variants.ts";
import { Load, type RequestHeaders, startSink } from "./load.ts";
import { workerMicroseconds } from "./worker-cpu.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "30" },
    requests: { type: "string", default: "2000" },
    copies: { type: "string", default: "16" },
    deployments: { type: "string", default: "10,1000,10000" },
    "in-flight": { type: "string", default: "32" },
  },
});
const rounds = Number(values.rounds);
const requests = Number(values.requests);
const copies = Number(values.copies);
const inFlight = Number(values["in-flight"]);
const deployments = values.deployments.split(",").map(Number);

interface Measured {
  readonly variant: Variant;
  readonly load: Load;
  /** Microseconds per request, one figure per round. */
  readonly rounds: number[];
}

const OTHER_HEADERS = Object.fromEntries(
  Array.from({ length: 8 }, (_, index) => [`x-some-header-${index}`, "some value of a header"]),
);

function headersFor({ deployments: count }: Variant): (index: number) => RequestHeaders {
  return (index) => ({
    ":path": `/seldon/default/model-${(index * 7919) % (count || 1000)}/api/v1.0/predictions`,
    "content-type": "application/json",
    ...OTHER_HEADERS,
  });
}

const minimum = (list: readonly number[]): number => Math.min(...list);
function median(list: readonly number[]): number {
  const sorted = list.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Markdown: every variant, then what one copy costs: all copies against few, with the same route and clusters. */
function report(measured: readonly Measured[]): string {
  const of = (name: string): readonly number[] => measured.find((one) => one.variant.name === name)?.rounds ?? [];
  const figures = (list: readonly number[]): readonly string[] => [minimum(list).toFixed(2), median(list).toFixed(2)];
  const share = (few: number, what: number | "inert"): readonly string[] => {
    const [without, all] = [of(chainName(copies, few, what)), of(chainName(copies, copies, what))];
    const paired = all.map((one, round) => (one - (without[round] ?? NaN)) / (copies - few));
    return [((minimum(all) - minimum(without)) / (copies - few)).toFixed(2), median(paired).toFixed(2)];
  };
  return [
    row(["variant", "µs per request, minimum", "median"]),
    row(["---", "--:", "--:"]),
    ...measured.map((one) => row([one.variant.name, ...figures(one.rounds)])),
    "",
    row([`one of ${copies} copies`, "µs per request, by minima", "median of the differences"]),
    row(["---", "--:", "--:"]),
    row(["inert filter", ...share(0, "inert")]),
    ...deployments.map((count) => row([`our filter, ${count} deployments`, ...share(1, count)])),
  ].join("\n");
}

const sink = await startSink();
let variants: readonly Variant[] = [];
const envoy = await RunningEnvoy.start(async (folder) => {
  variants = await variantsOf(folder, { deployments, copies });
  return benchBootstrap(variants, sink.port);
});
const measured: Measured[] = [];
try {
  for (const variant of variants) {
    const load = await Load.connect(await envoy.portOf(variant.name));
    measured.push({ variant, load, rounds: [] });
    await load.run(requests, inFlight, headersFor(variant));
    const isRouted = sink.last()[HEADER_PREDICTOR] !== undefined;
    if (isRouted !== variant.deployments > 0) throw new Error(`${variant.name}: the filter is not as it should be`);
  }
  for (let round = 0; round < rounds; round++) {
    for (const one of round % 2 === 0 ? measured : measured.toReversed()) {
      const before = workerMicroseconds(envoy.pid);
      await one.load.run(requests, inFlight, headersFor(one.variant));
      one.rounds.push((workerMicroseconds(envoy.pid) - before) / requests);
    }
  }
  console.log(`${rounds} rounds of ${requests} requests, ${inFlight} at a time, HTTP/2 both ways\n`);
  console.log(report(measured));
} catch (error) {
  throw new Error(`after ${measured.at(-1)?.variant.name ?? "nothing"}: ${envoy.log}`, { cause: error });
} finally {
  for (const one of measured) one.load.stop();
  await envoy.stop();
  sink.stop();
}
