import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "js-yaml";
import { applyDecision, decide, randomFrom } from "./decide.ts";
import { encodeRouteTable } from "./encode.ts";
import type { RouteTable, TableDeployment, TablePredictor, TableRule, TableShadow } from "./model.ts";
import type { Headers } from "./request.ts";

/** A folder of proto/vectors: a table and requests. */
export interface VectorCase {
  readonly table: RouteTable;
  readonly requests: readonly VectorRequest[];
}

interface VectorRequest {
  readonly name: string;
  readonly headers: Headers;
  /** True: the headers are all there is of the request. */
  readonly endOfStream: boolean;
}

/** What a case must give: the bytes of its table, and per request the headers as they go on. */
export interface VectorResult {
  readonly table: string;
  readonly decisions: readonly { readonly name: string; readonly headers: readonly string[] }[];
}

/** The folder of the cases. */
export const VECTORS = fileURLToPath(new URL("../vectors", import.meta.url));

/** Where the random numbers of every case begin. */
export const VECTOR_SEED = 20261122;

/** The line of a request that has no body; every other line is a header. */
const END_OF_STREAM = "end-of-stream";

/** `name: value`, as a request is written in a case. */
function headerOf(line: string): readonly [string, string] {
  const colon = line.indexOf(":", 1);
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

/** Headers as lines. */
export function linesOf(headers: Headers): readonly string[] {
  return headers.map(([name, value]) => `${name}: ${value}`);
}

function yaml(folder: string, file: string): unknown {
  return load(readFileSync(join(folder, file), "utf8"));
}

/** The same without what a case may leave out: empty lists, 100 percent, and clusters of the usual names. */
type Written<T, May extends keyof T> = Omit<T, May> & Partial<Pick<T, May>>;
type WrittenPredictor = Written<TablePredictor, "httpCluster" | "grpcCluster">;
type WrittenRule = Written<Omit<TableRule, "predictors">, "conditions" | "percent"> & {
  readonly predictors: readonly WrittenPredictor[];
};
type WrittenShadow = Written<TableShadow, "httpCluster" | "grpcCluster" | "percent" | "conditions" | "beside">;
type WrittenDeployment = Omit<
  Written<TableDeployment, "stickyKeys">,
  "permits" | "predictors" | "rules" | "shadows"
> & {
  readonly permits?: Partial<TableDeployment["permits"]>;
  readonly predictors: readonly WrittenPredictor[];
  readonly rules?: readonly WrittenRule[];
  readonly shadows?: readonly WrittenShadow[];
};

function deploymentOf(written: WrittenDeployment): TableDeployment {
  const clustersOf = (target: string) => ({
    httpCluster: `${written.key}/${target}/http`,
    grpcCluster: `${written.key}/${target}/grpc`,
  });
  const predictorsOf = (predictors: readonly WrittenPredictor[]): readonly TablePredictor[] =>
    predictors.map((one) => ({ ...clustersOf(one.name), ...one }));
  const { permits, rules = [], shadows = [] } = written;
  return {
    stickyKeys: [],
    ...written,
    permits: { force: [], explain: [], ...permits },
    predictors: predictorsOf(written.predictors),
    rules: rules.map((one) => ({ conditions: [], percent: 100, ...one, predictors: predictorsOf(one.predictors) })),
    shadows: shadows.map((one) => ({ ...clustersOf(one.name), percent: 100, conditions: [], beside: [], ...one })),
  };
}

/** Reads table.yaml and requests.yaml of a case. */
export function readCase(folder: string): VectorCase {
  const table = yaml(folder, "table.yaml") as Omit<RouteTable, "generation" | "deployments"> & {
    readonly generation: string;
    readonly deployments: readonly WrittenDeployment[];
  };
  const requests = yaml(folder, "requests.yaml") as Readonly<Record<string, readonly string[]>>;
  return {
    table: { ...table, generation: BigInt(`0x${table.generation}`), deployments: table.deployments.map(deploymentOf) },
    requests: Object.entries(requests).map(([name, lines]) => ({
      name,
      headers: lines.filter((line) => line !== END_OF_STREAM).map(headerOf),
      endOfStream: lines.includes(END_OF_STREAM),
    })),
  };
}

/** What the specification makes of a case: what its decisions.yaml holds. */
export function decideCase({ table, requests }: VectorCase): VectorResult {
  const random = randomFrom(VECTOR_SEED);
  const decisions = requests.map(({ name, headers, endOfStream }) => ({
    name,
    headers: linesOf(applyDecision(headers, decide(table, headers, random, endOfStream))),
  }));
  return { table: Buffer.from(encodeRouteTable(table)).toString("base64"), decisions };
}
