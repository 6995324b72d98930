import {
  HEADER_DECISION,
  HEADER_NAMESPACE,
  HEADER_PREDICTOR,
  HEADER_ROUTE,
  HEADER_SELDON,
  HEADER_SET_COOKIE,
  HEADER_SHADOW_CLUSTER_PREFIX,
} from "#proto/vocabulary/headers.ts";
import { bypassCalls } from "../../plan/bypass-calls.ts";
import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { FEEDBACK_PATHS, GRPC_FEEDBACK_PATH, urlPrefix } from "../../plan/urls.ts";
import { MAX_SHADOWS_PER_REQUEST } from "#proto/vocabulary/limits.ts";
import { answersOfBypass, ORCHESTRATOR_HEADERS, PUID, PUID_HEADER } from "../bypass-headers.ts";
import { duration } from "../duration.ts";
import { retriesOf } from "../retry-conditions.ts";
import type { JsonObject } from "../xds/resource.ts";
import { leadsToModels, NOT_FOR_MODELS } from "./model-headers.ts";
import type { IstioOptions } from "./options.ts";
import { isRetryCondition } from "./retry-words.ts";
import { takeoverEntries, type TakeoverRoutes } from "./takeover.ts";

/** What Seldon 1.17.1 takes for a gRPC call. Unanchored, as Seldon has it. */
const GRPC_PATHS = ".*tensorflow.*|.*seldon.protos.*|.*inference.*";

type CallKind = "rest" | "grpc";

/** A kind of call: what it is matched by, what its path becomes, and whether it may be repeated or copied. */
interface Call {
  readonly kind: CallKind;
  readonly feedback: boolean;
  /** Suffix of the entry's name. */
  readonly suffix: string;
  readonly uri: JsonObject;
  readonly headers: JsonObject;
  readonly rewrite?: string;
  /** The models take it themselves, past their orchestrators. */
  readonly bypass?: true;
}

function metadataOf(plan: DeploymentPlan): JsonObject {
  return { [HEADER_SELDON]: { exact: plan.name }, [HEADER_NAMESPACE]: { exact: plan.namespace } };
}

function feedbackCalls(plan: DeploymentPlan): readonly Call[] {
  const prefix = urlPrefix(plan).slice(0, -1);
  const rest = FEEDBACK_PATHS.map((path): Call => {
    const version = path.split("/")[2] ?? "";
    const suffix = path === FEEDBACK_PATHS[0] ? "feedback" : `feedback.${version.replaceAll(".", "-")}`;
    return { kind: "rest", feedback: true, suffix, uri: { exact: `${prefix}${path}` }, headers: {}, rewrite: path };
  });
  const uri = { exact: GRPC_FEEDBACK_PATH };
  return [...rest, { kind: "grpc", feedback: true, suffix: "feedback.grpc", uri, headers: metadataOf(plan) }];
}

function predictCalls(plan: DeploymentPlan): readonly Call[] {
  const rest = {
    kind: "rest",
    feedback: false,
    suffix: "",
    uri: { prefix: urlPrefix(plan) },
    headers: {},
    rewrite: "/",
  } as const;
  const uri = { regex: GRPC_PATHS };
  return [rest, { kind: "grpc", feedback: false, suffix: "grpc", uri, headers: metadataOf(plan) }];
}

/** Calls that go past the orchestrators; what stands after them takes the rest. */
function modelCalls(plan: DeploymentPlan): readonly Call[] {
  const prefix = urlPrefix(plan).slice(0, -1);
  return bypassCalls(plan).map(({ transport, feedback, path, modelPath }, index) => {
    const uri = { exact: transport === "rest" ? `${prefix}${path}` : path };
    const headers = transport === "rest" ? {} : metadataOf(plan);
    const suffix = `model.${String(index + 1)}`;
    return { kind: transport, feedback, suffix, uri, headers, rewrite: modelPath, bypass: true };
  });
}

function destination(predictor: PredictorPlan, { kind, bypass }: Pick<Call, "kind" | "bypass">): JsonObject {
  const { bypass: model } = predictor;
  const { serviceHost: host, ...ports } = bypass === true && model !== undefined ? model : predictor;
  const port = { number: kind === "rest" ? ports.httpPort : ports.grpcPort };
  return bypass === true ? { host, port } : { host, subset: predictor.name, port };
}

/** Weight 0 is left out, as protobuf's JSON does in Seldon. */
function weighted(predictor: PredictorPlan, call: Call): JsonObject {
  const answers = answersOf(predictor, call);
  return {
    destination: destination(predictor, call),
    ...(predictor.traffic === 0 ? {} : { weight: predictor.traffic }),
    ...(Object.keys(answers).length === 0 ? {} : { headers: { response: { set: answers } } }),
  };
}

/** What the orchestrator would answer with, where it is not asked. */
function answersOf({ bypass }: PredictorPlan, call: Call): JsonObject {
  return call.bypass === true && bypass !== undefined ? Object.fromEntries(answersOfBypass(bypass, call.kind)) : {};
}

/** What a route changes of a request: the id that the orchestrator would give to its nodes, and what must not go on. */
function requestHeaders({ bypass }: Call, removed: readonly string[]): JsonObject {
  const changes = {
    ...(bypass === true ? { set: { [PUID_HEADER]: PUID } } : {}),
    ...(removed.length === 0 ? {} : { remove: removed }),
  };
  return Object.keys(changes).length === 0 ? {} : { request: changes };
}

/**
 * Explicit on every entry, because Istio's default of two retries would count a reward twice. Conditions that Istio does
 * not take are left out.
 */
function retries(plan: DeploymentPlan, call: Call, likeSeldon: boolean): JsonObject {
  if (call.feedback) return { attempts: 0 };
  const asGrpc = call.kind === "grpc" && !(likeSeldon && plan.retry?.grpcOn === undefined);
  const { attempts, perTryTimeoutMs, conditions, statuses } = retriesOf(plan.retry, asGrpc ? "grpc" : "http");
  const retryOn = [...conditions.filter(isRetryCondition), ...statuses.map(String)];
  if (attempts === 0 || retryOn.length === 0) return { attempts: 0 };
  const perTry = perTryTimeoutMs === undefined ? {} : { perTryTimeout: duration(perTryTimeoutMs) };
  return { attempts, ...perTry, retryOn: retryOn.join(",") };
}

/** All tries together. Clients that ask for less are the filter's to heed. */
function timeout({ deadline }: DeploymentPlan): JsonObject {
  const limitMs = deadline?.maxMs ?? deadline?.defaultMs;
  return limitMs === undefined ? {} : { timeout: duration(limitMs) };
}

/** Cookies that the filter issues. Envoy adds none where the header is absent. Feedback gets none. */
function handOnCookie({ sticky }: DeploymentPlan, call: Call): JsonObject {
  const issues = sticky?.keys.some((key) => key.kind === "cookie" && key.issue !== undefined) ?? false;
  return issues && !call.feedback ? { add: { "set-cookie": `%REQ(${HEADER_SET_COOKIE})%` } } : {};
}

const WITHOUT_HEADERS: JsonObject = Object.fromEntries(ORCHESTRATOR_HEADERS.map((name) => [name, {}]));

function match(call: Call, extra: JsonObject): JsonObject {
  const headers = { ...call.headers, ...extra };
  return {
    uri: call.uri,
    ...(call.bypass === true ? { method: { exact: "POST" }, withoutHeaders: WITHOUT_HEADERS } : {}),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  };
}

function entryName(plan: DeploymentPlan, parts: readonly string[]): string {
  return ["graphway", plan.namespace, plan.name, ...parts].filter((part) => part !== "").join(".");
}

/** The filter has decided for a predictor. Mirrors are merged into these entries by header, so they carry none. */
function namedEntry(plan: DeploymentPlan, predictor: PredictorPlan, call: Call): JsonObject {
  const toModel = leadsToModels([predictor], call.bypass);
  const echoed = [HEADER_PREDICTOR, HEADER_ROUTE, HEADER_DECISION].map((header) => [header, `%REQ(${header})%`]);
  const told = {
    ...(Object.fromEntries(echoed) as JsonObject),
    ...(toModel ? { [HEADER_PREDICTOR]: predictor.name } : {}),
  };
  return {
    name: entryName(plan, [predictor.name, call.suffix]),
    match: [match(call, { [HEADER_PREDICTOR]: { exact: predictor.name } })],
    ...(call.rewrite === undefined ? {} : { rewrite: { uri: call.rewrite } }),
    route: [{ destination: destination(predictor, call), weight: 100 }],
    ...timeout(plan),
    retries: retries(plan, call, false),
    headers: {
      ...requestHeaders(call, toModel ? NOT_FOR_MODELS : []),
      response: {
        set: { ...told, ...answersOf(predictor, call) },
        ...handOnCookie(plan, call),
      },
    },
  };
}

function mirror(plan: DeploymentPlan, call: Call): JsonObject {
  const [shadow] = plan.shadows;
  const predictor = plan.predictors.find((one) => one.name === shadow?.predictor);
  if (call.feedback || shadow === undefined || predictor === undefined) return {};
  return {
    mirror: destination(predictor, call),
    ...(predictor.traffic > 0 ? { mirrorPercentage: { value: shadow.percent } } : {}),
  };
}

const SHADOW_CLUSTERS = Array.from(
  { length: MAX_SHADOWS_PER_REQUEST },
  (_, index) => `${HEADER_SHADOW_CLUSTER_PREFIX}${String(index + 1)}`,
);

/**
 * What an entry that does not follow the filter takes off. A request that the filter decided on comes there only while Istio has
 * not told its proxies of the predictor yet. The entry's own mirror copies it, so those that are merged into every route
 * must not: they find no header. Without the filter at all the entry stays as Seldon writes it.
 */
function removedUndecided(plan: DeploymentPlan, call: Call, { namedEntries }: IstioOptions): readonly string[] {
  if (!namedEntries) return [];
  const live = plan.predictors.filter((predictor) => !predictor.shadow);
  const copies = call.feedback || call.bypass === true || plan.shadows.length === 0 ? [] : SHADOW_CLUSTERS;
  return [...copies, ...(leadsToModels(live, call.bypass) ? NOT_FOR_MODELS : [])];
}

/** The filter is away: Seldon's own entry, with its retries said explicitly. */
function fallbackEntry(plan: DeploymentPlan, call: Call, options: IstioOptions): JsonObject {
  const live = plan.predictors.filter((predictor) => !predictor.shadow);
  const headers = requestHeaders(call, removedUndecided(plan, call, options));
  return {
    ...(call.feedback || call.bypass === true ? { name: entryName(plan, [call.suffix]) } : {}),
    match: [match(call, {})],
    ...(call.rewrite === undefined ? {} : { rewrite: { uri: call.rewrite } }),
    route: live.map((predictor) => weighted(predictor, call)),
    ...mirror(plan, call),
    ...timeout(plan),
    retries: retries(plan, call, true),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  };
}

/**
 * The VirtualService of a deployment. Per predictor: what models take themselves, feedback, then everything, all only where
 * the filter named that predictor; then feedback without a name; then the two entries that Seldon 1.17.1 writes. Without `namedEntries` only
 * what comes after those of the predictors. What other deployments answer comes before all of it.
 */
export function renderVirtualService(
  plan: DeploymentPlan,
  options: IstioOptions,
  takeovers: readonly TakeoverRoutes[] = [],
): JsonObject {
  const calls = [...modelCalls(plan), ...feedbackCalls(plan), ...predictCalls(plan)];
  const live = options.namedEntries ? plan.predictors.filter((predictor) => !predictor.shadow) : [];
  const named = live.flatMap((predictor) => calls.map((call) => namedEntry(plan, predictor, call)));
  const fallback = calls.map((call) => fallbackEntry(plan, call, options));
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: plan.seldonId, namespace: plan.namespace },
    spec: {
      hosts: plan.hosts,
      gateways: plan.gateways,
      http: [...takeoverEntries(plan, takeovers), ...named, ...fallback],
    },
  };
}
