import * as names from "../vocabulary/headers.ts";
import { decisionText, routeToken } from "./answer.ts";
import { type Choice, choose } from "./choose.ts";
import { deadlineOf } from "./deadline.ts";
import { isGranted } from "./grants.ts";
import type { RouteTable, TableDeployment, TablePredictor, TableShadow } from "./model.ts";
import { type Call, callOf, firstValue, type Headers } from "./request.ts";

export { type Choice, type ChosenBy, randomFrom } from "./choose.ts";
export { decisionText } from "./answer.ts";

/** What the filter does to a request: the choice, if any, and the headers to remove and then to set. */
export interface Decision {
  readonly choice?: Choice;
  readonly remove: readonly string[];
  readonly set: Headers;
}

/** Headers of ours that a client may set and that go on to the orchestrator. */
const CLIENT_HEADERS = new Set<string>([names.HEADER_TIMEOUT_MS]);

/** What a client says to the filter alone. */
const WISHES = new Set<string>([names.HEADER_FORCE, names.HEADER_EXPLAIN, names.HEADER_SECRET]);

/** In a pod the sender's Envoy has written our headers, unless the caller is nobody's Envoy. */
function trustsCaller(table: RouteTable, headers: Headers): boolean {
  if (table.role !== "inbound") return false;
  return table.peersOnly !== true || (firstValue(headers, names.HEADER_CLIENT_CERT) ?? "") !== "";
}

function removalsOf(table: RouteTable, headers: Headers): readonly string[] {
  const isRemoved = trustsCaller(table, headers)
    ? (name: string) => WISHES.has(name)
    : (name: string) => name.startsWith(names.HEADER_PREFIX) && !CLIENT_HEADERS.has(name);
  return [...new Set(headers.map(([name]) => name).filter(isRemoved))];
}

/** Envoy's mark of a copy: it adds `-shadow` to the host. */
function shadowTag(headers: Headers, remove: readonly string[]): Headers {
  if (!/-shadow(:[0-9]+)?$/.test(firstValue(headers, ":authority") ?? "")) return [];
  const isTagged = firstValue(headers, names.HEADER_SHADOW) !== undefined && !remove.includes(names.HEADER_SHADOW);
  return isTagged ? [] : [[names.HEADER_SHADOW, "1"]];
}

function headersFor(
  table: RouteTable,
  deployment: TableDeployment,
  choice: Choice,
  explain: boolean,
  deadline: Headers,
): Headers {
  const cluster = (target: TablePredictor | TableShadow): string =>
    choice.call.transport === "http" ? target.httpCluster : target.grpcCluster;
  const shadows = choice.shadows.map(cluster).filter((name) => name !== "");
  const set: Headers = [
    [names.HEADER_CLUSTER, table.role === "gateway" ? cluster(choice.predictor) : ""],
    [names.HEADER_PREDICTOR, choice.predictor.name],
    [names.HEADER_ROUTE, routeToken(table, choice)],
    ...shadows.map((name, index) => [`${names.HEADER_SHADOW_CLUSTER_PREFIX}${index + 1}`, name] as const),
    [names.HEADER_BRANCH, choice.branches.join(";")],
    [names.HEADER_DECISION, explain ? decisionText(table, deployment, choice) : ""],
    [names.HEADER_SET_COOKIE, choice.cookie ?? ""],
    ...deadline,
    [names.HEADER_MAX_RETRIES, choice.call.kind === "feedback" ? "0" : ""],
  ];
  return set.filter(([, value]) => value !== "");
}

function called(table: RouteTable, headers: Headers): readonly [Call, TableDeployment] | undefined {
  const call = callOf(headers);
  const deployment = table.deployments.find((one) => one.key === call?.deployment);
  return call === undefined || deployment === undefined ? undefined : [call, deployment];
}

/**
 * What the filter does to a request, said in TypeScript: the specification that the compiled filter is tested against, and what
 * explains a decision to a user. `table` undefined is an empty configuration: nothing is done. `endOfStream`: the request has no body.
 */
export function decide(
  table: RouteTable | undefined,
  headers: Headers,
  random: () => number,
  endOfStream = false,
): Decision {
  if (table === undefined) return { remove: [], set: [] };
  const remove = removalsOf(table, headers);
  if (table.role === "inbound") return { remove, set: shadowTag(headers, remove) };
  const [call, deployment] = called(table, headers) ?? [];
  if (call === undefined || deployment === undefined) return { remove, set: [] };
  const choice = choose(deployment, call, headers, random, endOfStream);
  if (choice === undefined) return { remove, set: [] };
  const explain =
    firstValue(headers, names.HEADER_EXPLAIN) !== undefined && isGranted(deployment.permits.explain, headers);
  const deadline = deadlineOf(deployment, call, headers);
  const set = headersFor(table, deployment, choice, explain, deadline.set);
  return { choice, remove: [...remove, ...deadline.remove], set };
}

/** The headers after a decision; Envoy replaces every value of a header that is set. */
export function applyDecision(headers: Headers, decision: Decision): Headers {
  const gone = new Set([...decision.remove, ...decision.set.map(([name]) => name)]);
  return [...headers.filter(([name]) => !gone.has(name)), ...decision.set];
}
