import { parseArgs } from "node:util";

export interface BenchOptions {
  /** Patterns of rows; see `chooseRows`. */
  readonly rows: readonly string[];
  /** How long each round of each row takes. */
  readonly seconds: number;
  readonly rounds: number;
  readonly connections: readonly number[];
  readonly markdown: boolean;
  /** Requests of the memory row; 0 leaves it out. */
  readonly memoryRequests: number;
  /** Options for the orchestrator's own `node`. */
  readonly nodeOptions: readonly string[];
}

export const USAGE = `node orchestrator/bench/bench.ts [options]

  --rows rest/single,grpc/1MB   rows to run: any parts of transport/protocol/shape/size, or all
                                (rest|grpc, seldon|v2|tensorflow, single|chain|combiner|router, 30B|10kB|200kB|1MB)
  --seconds 2                   seconds per round
  --rounds 3                    rounds per row, direct and via the orchestrator in turn
  --connections 1,32            clients, each with a connection of its own
  --memory 1000000              resident memory after this many small requests instead of the rows
  --node-options="--cpu-prof"   options for the orchestrator's node
  --markdown                    print the table as Markdown
`;

const DEFAULT_ROWS =
  "seldon/30B,seldon/10kB/single,200kB/single,1MB/single,v2/single/30B,v2/single/10kB,tensorflow/single/30B";

/** Reads the command line; undefined when help was asked for. Throws on options that are not known. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: "string", default: DEFAULT_ROWS },
      seconds: { type: "string", default: "2" },
      rounds: { type: "string", default: "3" },
      connections: { type: "string", default: "1,32" },
      memory: { type: "string", default: "0" },
      "node-options": { type: "string", default: "" },
      markdown: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  return {
    rows: values.rows.split(","),
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    connections: values.connections.split(",").map(Number),
    markdown: values.markdown,
    memoryRequests: Number(values.memory),
    nodeOptions: values["node-options"].split(" ").filter((one) => one !== ""),
  };
}
