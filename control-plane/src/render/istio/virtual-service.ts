import {
  HEADER_DECISION,
  HEADER_NAMESPACE,
  HEADER_PREDICTOR,
  HEADER_ROUTE,
  HEADER_SELDON,
} from "#proto/vocabulary/headers.ts";
import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { FEEDBACK_PATHS, GRPC_FEEDBACK_PATH, urlPrefix } from "../../plan/urls.ts";
import { duration } from "../duration.ts";
import { GRPC_RETRY_ON, RETRY_ON } from "../retry-conditions.ts";
import type { JsonObject } from "../xds/resource.ts";
import type { IstioOptions } from "./options.ts";
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

function destination(predictor: PredictorPlan, kind: CallKind): JsonObject {
  const number = kind === "rest" ? predictor.httpPort : predictor.grpcPort;
  return { host: predictor.serviceHost, subset: predictor.name, port: { number } };
}

/** Weight 0 is left out, as protobuf's JSON does in Seldon. */
function weighted(predictor: PredictorPlan, kind: CallKind): JsonObject {
  return {
    destination: destination(predictor, kind),
    ...(predictor.traffic === 0 ? {} : { weight: predictor.traffic }),
  };
}

/** Explicit on every entry, because Istio's default of two retries would count a reward twice. */
function retries(plan: DeploymentPlan, call: Call, retryOn: string): JsonObject {
  if (call.feedback || plan.retry === undefined) return { attempts: 0 };
  const { attempts, perTryTimeoutMs } = plan.retry;
  return { attempts, ...(perTryTimeoutMs === undefined ? {} : { perTryTimeout: duration(perTryTimeoutMs) }), retryOn };
}

function match(call: Call, extra: JsonObject): JsonObject {
  const headers = { ...call.headers, ...extra };
  return { uri: call.uri, ...(Object.keys(headers).length === 0 ? {} : { headers }) };
}

function entryName(plan: DeploymentPlan, parts: readonly string[]): string {
  return ["graphway", plan.namespace, plan.name, ...parts].filter((part) => part !== "").join(".");
}

/** The filter has decided for a predictor. Mirrors are merged into these entries by header, so they carry none. */
function namedEntry(plan: DeploymentPlan, predictor: PredictorPlan, call: Call): JsonObject {
  const echoed = [HEADER_PREDICTOR, HEADER_ROUTE, HEADER_DECISION].map((header) => [header, `%REQ(${header})%`]);
  return {
    name: entryName(plan, [predictor.name, call.suffix]),
    match: [match(call, { [HEADER_PREDICTOR]: { exact: predictor.name } })],
    ...(call.rewrite === undefined ? {} : { rewrite: { uri: call.rewrite } }),
    route: [{ destination: destination(predictor, call.kind), weight: 100 }],
    retries: retries(plan, call, call.kind === "grpc" ? GRPC_RETRY_ON : RETRY_ON),
    headers: { response: { set: Object.fromEntries(echoed) as JsonObject } },
  };
}

function mirror(plan: DeploymentPlan, call: Call): JsonObject {
  const [shadow] = plan.shadows;
  const predictor = plan.predictors.find((one) => one.name === shadow?.predictor);
  if (call.feedback || shadow === undefined || predictor === undefined) return {};
  return {
    mirror: destination(predictor, call.kind),
    ...(predictor.traffic > 0 ? { mirrorPercentage: { value: shadow.percent } } : {}),
  };
}

/** The filter is away: Seldon's own entry, with its retries said explicitly. */
function fallbackEntry(plan: DeploymentPlan, call: Call): JsonObject {
  const live = plan.predictors.filter((predictor) => !predictor.shadow);
  return {
    ...(call.feedback ? { name: entryName(plan, [call.suffix]) } : {}),
    match: [match(call, {})],
    ...(call.rewrite === undefined ? {} : { rewrite: { uri: call.rewrite } }),
    route: live.map((predictor) => weighted(predictor, call.kind)),
    ...mirror(plan, call),
    retries: retries(plan, call, RETRY_ON),
  };
}

/**
 * The VirtualService of a deployment. Per predictor: feedback, then everything, both only where the filter named that
 * predictor; then feedback without a name; then the two entries that Seldon 1.17.1 writes. Without `namedEntries` only
 * what comes after those of the predictors. What other deployments answer comes before all of it.
 */
export function renderVirtualService(
  plan: DeploymentPlan,
  { namedEntries }: IstioOptions,
  takeovers: readonly TakeoverRoutes[] = [],
): JsonObject {
  const feedback = feedbackCalls(plan);
  const predict = predictCalls(plan);
  const live = namedEntries ? plan.predictors.filter((predictor) => !predictor.shadow) : [];
  const named = live.flatMap((predictor) => [...feedback, ...predict].map((call) => namedEntry(plan, predictor, call)));
  const fallback = [...feedback, ...predict].map((call) => fallbackEntry(plan, call));
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
