import { decide, type Decision } from "#proto/route-table/decide.ts";
import type { RouteTable } from "#proto/route-table/model.ts";
import type { Headers } from "#proto/route-table/request.ts";
import { hashText } from "#proto/route-table/hashes.ts";
import { HEADER_REQUEST_ID } from "#proto/vocabulary/headers.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { StickyKey } from "../../plan/traffic-plan.ts";
import { urlPrefix } from "../../plan/urls.ts";
import { planRouteTable } from "../filter-table/render.ts";

/** Keys that leave one predictor for another, in percent of all keys. */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly percent: number;
}

/** What an edit does to keys, found by asking for many of them before and after. */
export interface KeyMovement {
  readonly keys: number;
  /** All moves together. */
  readonly percent: number;
  readonly moves: readonly Move[];
}

/** Where a sample's standard error is 0.16 percent at most. */
export const DEFAULT_KEYS = 100_000;

const NO_CLUSTER = () => "";

function tableOf(plan: DeploymentPlan): RouteTable {
  return planRouteTable([plan], { role: "outbound", generation: 1n, clusters: NO_CLUSTER }).value;
}

/** Eight hexadecimal digits that belong to the name and the number, so that two samples are the same. */
function valueOf(name: string, number: number): string {
  return hashText(`${name}/${number}`).toString(16).padStart(8, "0");
}

/** A request that shows a value for every sticky key of both plans. */
function requestOf(path: string, keys: readonly StickyKey[], number: number): Headers {
  const query = keys
    .filter(({ kind }) => kind === "query")
    .map(({ name }): [string, string] => [name, valueOf(name, number)]);
  const cookies = keys.filter(({ kind }) => kind === "cookie").map(({ name }) => `${name}=${valueOf(name, number)}`);
  const headers = keys
    .filter(({ kind }) => kind === "header")
    .map(({ name }) => [name, valueOf(name, number)] as const);
  const parameters = new URLSearchParams(query).toString();
  return [
    [":method", "POST"],
    [":path", parameters === "" ? path : `${path}?${parameters}`],
    ["content-type", "application/json"],
    ...headers,
    ...(cookies.length === 0 ? [] : [["cookie", cookies.join("; ")] as const]),
    [HEADER_REQUEST_ID, valueOf(HEADER_REQUEST_ID, number)],
  ];
}

const never = (): number => 1;

function predictorOf({ choice }: Decision): string {
  return choice?.predictor.name ?? "nobody";
}

/**
 * Which keys an edit of one deployment moves, by the reference router. Keys are those of clients that show every sticky key of
 * both plans; rules that look at more than that take none of them.
 */
export function findKeyMovement(before: DeploymentPlan, after: DeploymentPlan, keys = DEFAULT_KEYS): KeyMovement {
  const [old, fresh] = [tableOf(before), tableOf(after)];
  const path = `${urlPrefix(after)}api/v1.0/predictions`;
  const sticky = [...(before.sticky?.keys ?? []), ...(after.sticky?.keys ?? [])];
  const shown = sticky.filter(
    (key, index) => sticky.findIndex(({ kind, name }) => kind === key.kind && name === key.name) === index,
  );
  const counts = new Map<string, Map<string, number>>();
  for (let number = 0; number < keys; number++) {
    const request = requestOf(path, shown, number);
    const [from, to] = [predictorOf(decide(old, request, never)), predictorOf(decide(fresh, request, never))];
    if (from === to) continue;
    const row = counts.get(from) ?? new Map<string, number>();
    counts.set(from, row.set(to, (row.get(to) ?? 0) + 1));
  }
  const percentOf = (count: number): number => Number(((count / keys) * 100).toFixed(3));
  const moves = [...counts].flatMap(([from, row]) => [...row].map(([to, count]) => ({ from, to, count })));
  return {
    keys,
    percent: percentOf(moves.reduce((sum, { count }) => sum + count, 0)),
    moves: moves
      .sort((a, b) => b.count - a.count || (`${a.from} ${a.to}` < `${b.from} ${b.to}` ? -1 : 1))
      .map(({ from, to, count }) => ({ from, to, percent: percentOf(count) })),
  };
}
