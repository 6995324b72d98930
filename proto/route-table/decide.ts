import { nextRandom } from "../vocabulary/hash.ts";
import * as names from "../vocabulary/headers.ts";
import { MAX_ANSWER_HEADER_BYTES, MAX_SHADOWS_PER_REQUEST } from "../vocabulary/limits.ts";
import { costOf, drawFor, isCheaper } from "../vocabulary/split.ts";
import { type Force, parseForce } from "./force.ts";
import { hashText, lastDrawOf, type Seeds, seedsOf } from "./hashes.ts";
import type { RouteTable, TableDeployment, TablePredictor, TableShadow } from "./model.ts";
import { type Call, callOf, firstValue, type Headers, stickyValueOf } from "./request.ts";

/** What made the choice. */
export type ChosenBy = "forced" | "sticky" | "request-id" | "random";

/** Why a request goes where it goes. */
export interface Choice {
  readonly call: Call;
  readonly predictor: TablePredictor;
  readonly by: ChosenBy;
  /** Hash of the key of the split. */
  readonly key: number;
  /** The shadows that get a copy, at most MAX_SHADOWS_PER_REQUEST. */
  readonly shadows: readonly TableShadow[];
  /** Forced branches, `node=branch`. */
  readonly branches: readonly string[];
}

/** What the filter does to a request: the choice, if any, and the headers to remove and then to set. */
export interface Decision {
  readonly choice?: Choice;
  readonly remove: readonly string[];
  readonly set: Headers;
}

/** A generator of random numbers, like the filter's. */
export function randomFrom(seed: number): () => number {
  let state = seed === 0 ? 1 : seed;
  return () => (state = nextRandom(state));
}

/** Headers of ours that a client may set and that go on to the orchestrator. */
const CLIENT_HEADERS = new Set<string>([names.HEADER_TIMEOUT_MS]);

function removalsOf(role: RouteTable["role"], headers: Headers): readonly string[] {
  const isOurs = (name: string): boolean =>
    role === "inbound"
      ? name === names.HEADER_FORCE || name === names.HEADER_EXPLAIN
      : name.startsWith(names.HEADER_PREFIX) && !CLIENT_HEADERS.has(name);
  return [...new Set(headers.map(([name]) => name).filter(isOurs))];
}

function sorted<T extends { readonly name: string }>(list: readonly T[]): readonly T[] {
  return [...list].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The predictors that can be chosen, by name, with their seeds: the same for every request to a deployment. */
function splitOf(deployment: TableDeployment): readonly (readonly [TablePredictor, Seeds])[] {
  const known = SPLITS.get(deployment);
  if (known !== undefined) return known;
  const weighted = sorted(deployment.predictors).filter((one) => one.weight > 0);
  const split = weighted.map((one) => [one, seedsOf("split", deployment.key, one.name)] as const);
  SPLITS.set(deployment, split);
  return split;
}

const SPLITS = new WeakMap<TableDeployment, readonly (readonly [TablePredictor, Seeds])[]>();

/** Weighted rendezvous: the predictor that a key belongs to. A tie, once in millions of keys, goes to the first name. */
export function choosePredictor(deployment: TableDeployment, key: number): TablePredictor | undefined {
  let best: { readonly predictor: TablePredictor; readonly cost: number } | undefined;
  for (const [predictor, seeds] of splitOf(deployment)) {
    const cost = costOf(drawFor(key, seeds.a, seeds.b));
    if (best === undefined || isCheaper(cost, predictor.weight, best.cost, best.predictor.weight))
      best = { predictor, cost };
  }
  return best?.predictor;
}

/** The shadows whose sample holds a request, by its id. */
export function sampleShadows(deployment: TableDeployment, requestKey: number): readonly TableShadow[] {
  return sorted(deployment.shadows)
    .filter((shadow) => {
      const seeds = seedsOf("shadow", deployment.key, shadow.name);
      return drawFor(requestKey, seeds.a, seeds.b) <= lastDrawOf(shadow.percent);
    })
    .slice(0, MAX_SHADOWS_PER_REQUEST);
}

function forceOf(deployment: TableDeployment, headers: Headers): Force | undefined {
  const text = deployment.permits.force ? firstValue(headers, names.HEADER_FORCE) : undefined;
  if (text === undefined) return undefined;
  return parseForce(
    text,
    deployment.predictors.map((one) => one.name),
  );
}

function choose(deployment: TableDeployment, call: Call, headers: Headers, random: () => number): Choice | undefined {
  const force = forceOf(deployment, headers);
  const requestId = firstValue(headers, names.HEADER_REQUEST_ID) ?? "";
  const requestKey = requestId === "" ? random() : hashText(requestId.slice(0, 1024));
  const sticky = deployment.stickyKey === undefined ? undefined : stickyValueOf(headers, deployment.stickyKey);
  const key = sticky === undefined ? requestKey : hashText(sticky);
  const forced = deployment.predictors.find((one) => one.name === force?.predictor);
  const predictor = forced ?? choosePredictor(deployment, key);
  if (predictor === undefined) return undefined;
  const by =
    forced !== undefined ? "forced" : sticky !== undefined ? "sticky" : requestId === "" ? "random" : "request-id";
  const copied = call.kind === "predict" && force?.shadowsOff !== true;
  return {
    call,
    predictor,
    by,
    key,
    shadows: copied ? sampleShadows(deployment, requestKey) : [],
    branches: force?.branches ?? [],
  };
}

const hex8 = (word: number): string => word.toString(16).padStart(8, "0");

/** `<generation, hexadecimal>.<how: first letter of ChosenBy, i for request-id>.<first three digits of the key's hash>`. */
function routeToken(table: RouteTable, choice: Choice): string {
  const how = { forced: "f", sticky: "s", "request-id": "i", random: "r" }[choice.by];
  return `${table.generation.toString(16)}.${how}.${hex8(choice.key).slice(0, 3)}`;
}

/** The text of `x-graphway-decision`. */
export function decisionText(table: RouteTable, deployment: TableDeployment, choice: Choice): string {
  const split = sorted(deployment.predictors).map((one) => `${one.name}:${one.weight}`);
  const parts = {
    deployment: deployment.key,
    predictor: choice.predictor.name,
    by: choice.by,
    key: hex8(choice.key),
    split: split.join(","),
    shadows: choice.shadows.map((one) => one.name).join(","),
    table: table.generation.toString(16),
  };
  return Object.entries(parts)
    .map(([name, value]) => `${name}=${value}`)
    .join(";")
    .slice(0, MAX_ANSWER_HEADER_BYTES);
}

function headersFor(table: RouteTable, deployment: TableDeployment, choice: Choice, explain: boolean): Headers {
  const cluster = (target: TablePredictor | TableShadow): string =>
    choice.call.transport === "http" ? target.httpCluster : target.grpcCluster;
  const set: [string, string][] = [];
  if (table.role === "gateway") set.push([names.HEADER_CLUSTER, cluster(choice.predictor)]);
  set.push([names.HEADER_PREDICTOR, choice.predictor.name], [names.HEADER_ROUTE, routeToken(table, choice)]);
  choice.shadows
    .map(cluster)
    .filter((name) => name !== "")
    .forEach((name, index) => set.push([`${names.HEADER_SHADOW_CLUSTER_PREFIX}${index + 1}`, name]));
  set.push([names.HEADER_BRANCH, choice.branches.join(";")]);
  if (explain) set.push([names.HEADER_DECISION, decisionText(table, deployment, choice)]);
  if (choice.call.kind === "feedback") set.push([names.HEADER_MAX_RETRIES, "0"]);
  return set.filter(([, value]) => value !== "");
}

/**
 * What the filter does to a request, said in TypeScript: the specification that the compiled filter is tested against, and what
 * explains a decision to a user. `table` undefined is an empty configuration: nothing is done.
 */
export function decide(table: RouteTable | undefined, headers: Headers, random: () => number): Decision {
  if (table === undefined) return { remove: [], set: [] };
  const remove = removalsOf(table.role, headers);
  const call = table.role === "inbound" ? undefined : callOf(headers);
  const deployment = table.deployments.find((one) => one.key === call?.deployment);
  if (call === undefined || deployment === undefined) return { remove, set: [] };
  const choice = choose(deployment, call, headers, random);
  if (choice === undefined) return { remove, set: [] };
  const explain = deployment.permits.explain && firstValue(headers, names.HEADER_EXPLAIN) !== undefined;
  return { choice, remove, set: headersFor(table, deployment, choice, explain) };
}

/** The headers after a decision; Envoy replaces every value of a header that is set. */
export function applyDecision(headers: Headers, decision: Decision): Headers {
  const gone = new Set([...decision.remove, ...decision.set.map(([name]) => name)]);
  return [...headers.filter(([name]) => !gone.has(name)), ...decision.set];
}
