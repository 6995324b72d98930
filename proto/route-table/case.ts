import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "js-yaml";
import { applyDecision, decide, randomFrom } from "./decide.ts";
import { encodeRouteTable } from "./encode.ts";
import type { RouteTable } from "./model.ts";
import type { Headers } from "./request.ts";

/** A folder of proto/vectors: a table and requests. */
export interface VectorCase {
  readonly table: RouteTable;
  readonly requests: readonly VectorRequest[];
}

interface VectorRequest {
  readonly name: string;
  readonly headers: Headers;
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

/** Reads table.yaml and requests.yaml of a case. */
export function readCase(folder: string): VectorCase {
  const table = yaml(folder, "table.yaml") as Omit<RouteTable, "generation"> & { readonly generation: string };
  const requests = yaml(folder, "requests.yaml") as Readonly<Record<string, readonly string[]>>;
  return {
    table: { ...table, generation: BigInt(`0x${table.generation}`) },
    requests: Object.entries(requests).map(([name, lines]) => ({ name, headers: lines.map(headerOf) })),
  };
}

/** What the specification makes of a case: what its decisions.yaml holds. */
export function decideCase({ table, requests }: VectorCase): VectorResult {
  const random = randomFrom(VECTOR_SEED);
  const decisions = requests.map(({ name, headers }) => ({
    name,
    headers: linesOf(applyDecision(headers, decide(table, headers, random))),
  }));
  return { table: Buffer.from(encodeRouteTable(table)).toString("base64"), decisions };
}
