import { nextRandom } from "../vocabulary/hash.ts";
import * as names from "../vocabulary/headers.ts";
import { MAX_SHADOWS_PER_REQUEST, MAX_STICKY_KEY_BYTES } from "../vocabulary/limits.ts";
import { holdsAll } from "./conditions.ts";
import { type Force, parseForce } from "./force.ts";
import { isGranted } from "./grants.ts";
import { hashText } from "./hashes.ts";
import type { TableDeployment, TablePredictor, TableRule, TableShadow } from "./model.ts";
import { type Call, firstValue, type Headers, namedValue } from "./request.ts";
import { choosePredictor, isInSample, isInShare, sorted } from "./split.ts";

/** What made the choice. */
export type ChosenBy = "forced" | "sticky" | "request-id" | "random";

/** Why a request goes where it goes. */
export interface Choice {
  readonly call: Call;
  readonly predictor: TablePredictor;
  readonly by: ChosenBy;
  /** The rule that took it, and its number from 1. */
  readonly rule?: { readonly rule: TableRule; readonly number: number };
  /** Hash of the key of the split. */
  readonly key: number;
  /** The shadows that get a copy, at most MAX_SHADOWS_PER_REQUEST. */
  readonly shadows: readonly TableShadow[];
  /** Forced branches, `node=branch`. */
  readonly branches: readonly string[];
  /** A cookie for the client, as `set-cookie` says it. */
  readonly cookie?: string;
}

/** A generator of random numbers, like the filter's. */
export function randomFrom(seed: number): () => number {
  let state = seed === 0 ? 1 : seed;
  return () => (state = nextRandom(state));
}

/** Eight hexadecimal digits. */
export function hex8(word: number): string {
  return word.toString(16).padStart(8, "0");
}

function forceOf(deployment: TableDeployment, headers: Headers): Force | undefined {
  const text = firstValue(headers, names.HEADER_FORCE);
  if (text === undefined || !isGranted(deployment.permits.force, headers)) return undefined;
  return parseForce(
    text,
    deployment.predictors.map((one) => one.name),
  );
}

interface SplitKey {
  readonly hash: number;
  readonly by: ChosenBy;
  readonly cookie?: string;
}

function hashOfKey(value: string): number {
  return hashText(value.slice(0, MAX_STICKY_KEY_BYTES));
}

function stickyKeyOf(
  deployment: TableDeployment,
  call: Call,
  headers: Headers,
  random: () => number,
): SplitKey | undefined {
  for (const { kind, name } of deployment.stickyKeys) {
    const value = namedValue(headers, { on: kind, name }) ?? "";
    if (value !== "") return { hash: hashOfKey(value), by: "sticky" };
  }
  if (call.transport !== "http" || call.kind === "feedback") return undefined;
  for (const key of deployment.stickyKeys) {
    if (key.kind !== "cookie" || key.issue === undefined) continue;
    const value = hex8(random()) + hex8(random());
    return { hash: hashText(value), by: "sticky", cookie: `${key.name}=${value}${key.issue.attributes}` };
  }
  return undefined;
}

function ruleOf(deployment: TableDeployment, call: Call, headers: Headers, key: number): Choice["rule"] {
  const index = deployment.rules.findIndex(
    (rule) => holdsAll(rule.conditions, call, headers) && isInShare(deployment, rule, key),
  );
  const rule = deployment.rules[index];
  return rule && { rule, number: index + 1 };
}

/** Bytes of a request's body; undefined when it does not say. */
function bodyBytes(headers: Headers, endOfStream: boolean): number | undefined {
  if (endOfStream) return 0;
  const text = firstValue(headers, "content-length") ?? "";
  return /^[0-9]+$/.test(text) ? Number(text) : undefined;
}

interface Live {
  readonly call: Call;
  readonly headers: Headers;
  readonly endOfStream: boolean;
  /** Hash of the request's id. */
  readonly requestKey: number;
  /** Name of the chosen predictor. */
  readonly predictor: string;
}

function shadowsOf(deployment: TableDeployment, live: Live): readonly TableShadow[] {
  const { call, headers, predictor } = live;
  const body = bodyBytes(headers, live.endOfStream);
  return sorted(deployment.shadows)
    .filter(({ name }) => name !== predictor)
    .filter(({ beside }) => beside.length === 0 || beside.includes(predictor))
    .filter(({ maxBodyBytes }) => maxBodyBytes === undefined || (body !== undefined && body <= maxBodyBytes))
    .filter((shadow) => isInSample(deployment, shadow, live.requestKey) && holdsAll(shadow.conditions, call, headers))
    .slice(0, MAX_SHADOWS_PER_REQUEST);
}

/** Decides where a request to a deployment goes; undefined when no predictor has a positive weight. */
export function choose(
  deployment: TableDeployment,
  call: Call,
  headers: Headers,
  random: () => number,
  endOfStream: boolean,
): Choice | undefined {
  const force = forceOf(deployment, headers);
  const requestId = firstValue(headers, names.HEADER_REQUEST_ID) ?? "";
  const requestKey = requestId === "" ? random() : hashOfKey(requestId);
  const byRequest = { hash: requestKey, by: requestId === "" ? "random" : "request-id" } as const;
  const key: SplitKey = stickyKeyOf(deployment, call, headers, random) ?? byRequest;
  const forced = deployment.predictors.find((one) => one.name === force?.predictor);
  const rule = forced === undefined ? ruleOf(deployment, call, headers, key.hash) : undefined;
  const predictor = forced ?? choosePredictor(deployment, key.hash, rule?.rule.predictors);
  if (predictor === undefined) return undefined;
  const isCopied = call.kind === "predict" && force?.shadowsOff !== true;
  const live = { call, headers, endOfStream, requestKey, predictor: predictor.name };
  return {
    call,
    predictor,
    by: forced === undefined ? key.by : "forced",
    ...(rule === undefined ? {} : { rule }),
    key: key.hash,
    shadows: isCopied ? shadowsOf(deployment, live) : [],
    branches: force?.branches ?? [],
    ...(key.cookie === undefined ? {} : { cookie: key.cookie }),
  };
}
