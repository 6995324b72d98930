import { HEADER_NAMESPACE, HEADER_SELDON } from "#proto/vocabulary/headers.ts";
import type { Condition, RulePlan } from "../../plan/traffic-plan.ts";
import type { JsonObject } from "../xds/resource.ts";

/** What a match of a route can say beside the deployment's own prefix or metadata. */
export interface MatchParts {
  readonly headers: readonly JsonObject[];
  readonly queryParams: readonly JsonObject[];
  readonly method?: string;
  /** The path below the prefix; of gRPC `package.Service/Method`. */
  readonly path?: string;
}

/** `never`: no call of this transport meets the conditions. `inexpressible`: no match of a route says them. */
export type RuleMatch = MatchParts | "never" | "inexpressible";

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]);
const TOKEN = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}$/;
/** What the schema takes in a path, and what nobody decodes or shortens on the way. */
const PLAIN_PATH = /^[A-Za-z0-9._~!$&'()*+,;=:@-]+(\/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*$/;
const DOTS_ALONE = /(^|\/)\.{1,2}(\/|$)/;
const GRPC_METHOD = /^[A-Za-z_][A-Za-z_0-9]*(\.[A-Za-z_][A-Za-z_0-9]*)*\/[A-Za-z_][A-Za-z_0-9]*$/;

const NO_PARTS: MatchParts = { headers: [], queryParams: [] };

function named(condition: Condition): JsonObject | undefined {
  if (!("name" in condition) || condition.test.kind !== "exact") return undefined;
  const { name, test } = condition;
  return TOKEN.test(name) && test.text !== "" ? { type: "Exact", name, value: test.text } : undefined;
}

function isRepeated(list: readonly JsonObject[], { name }: JsonObject): boolean {
  return list.some((one) => one["name"] === name);
}

function withHeader(parts: MatchParts, condition: Condition): RuleMatch {
  const header = named(condition);
  if (header === undefined || isRepeated(parts.headers, header)) return "inexpressible";
  return { ...parts, headers: [...parts.headers, header] };
}

function exactText(condition: Extract<Condition, { on: "path" | "method" }>): string | undefined {
  return condition.test.kind === "exact" ? condition.test.text : undefined;
}

function addHttp(parts: MatchParts, condition: Condition): RuleMatch {
  switch (condition.on) {
    case "header":
      return withHeader(parts, condition);
    case "query": {
      const query = named(condition);
      if (query === undefined || isRepeated(parts.queryParams, query)) return "inexpressible";
      return { ...parts, queryParams: [...parts.queryParams, query] };
    }
    case "method": {
      const method = exactText(condition);
      if (method === undefined || !METHODS.has(method) || parts.method !== undefined) return "inexpressible";
      return { ...parts, method };
    }
    case "path": {
      const path = exactText(condition);
      if (path === undefined || parts.path !== undefined) return "inexpressible";
      return PLAIN_PATH.test(path) && !DOTS_ALONE.test(path) ? { ...parts, path } : "inexpressible";
    }
    case "transport":
      return condition.transport === "rest" ? parts : "never";
    case "cookie":
      return "inexpressible";
  }
}

function addGrpc(parts: MatchParts, condition: Condition): RuleMatch {
  switch (condition.on) {
    case "header": {
      const isOwn = condition.name === HEADER_SELDON || condition.name === HEADER_NAMESPACE;
      return isOwn ? "inexpressible" : withHeader(parts, condition);
    }
    case "method": {
      const method = exactText(condition);
      if (method === undefined) return "inexpressible";
      return method === "POST" ? parts : "never";
    }
    case "path": {
      const path = exactText(condition);
      if (path === undefined || parts.path !== undefined) return "inexpressible";
      return GRPC_METHOD.test(path) ? { ...parts, path } : "never";
    }
    case "transport":
      return condition.transport === "grpc" ? parts : "never";
    case "query":
      return condition.test.kind === "absent" ? parts : "never";
    case "cookie":
      return "inexpressible";
  }
}

/** How a rule is said in a route of the transport. A share of the matching requests cannot be said at all. */
export function matchRule({ conditions, percent }: RulePlan, transport: "http" | "grpc"): RuleMatch {
  const add = transport === "http" ? addHttp : addGrpc;
  let parts: MatchParts = NO_PARTS;
  let fits = percent === 100;
  for (const condition of conditions) {
    const next = add(parts, condition);
    if (next === "never") return "never";
    if (next === "inexpressible") fits = false;
    else parts = next;
  }
  return fits ? parts : "inexpressible";
}

/**
 * Gateway API asks the most specific match first (exact path, method, number of headers, then of parameters), and goes by
 * order only between equals. Positive: `one` is asked before `other` whatever their order.
 */
export function compareSpecificity(one: MatchParts, other: MatchParts): number {
  const ranks = ({ path, method, headers, queryParams }: MatchParts): readonly number[] => [
    path === undefined ? 0 : 1,
    method === undefined ? 0 : 1,
    headers.length,
    queryParams.length,
  ];
  const [first, second] = [ranks(one), ranks(other)];
  const index = first.findIndex((rank, place) => rank !== second[place]);
  return index === -1 ? 0 : (first[index] ?? 0) - (second[index] ?? 0);
}
