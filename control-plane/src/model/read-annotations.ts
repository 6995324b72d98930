import {
  readHeaderMatches,
  readInteger,
  readStickyKey,
  type HeaderMatch,
  type StickyKeySource,
} from "./annotation-values.ts";
import { ENGINE_PREFIX, findAnnotation } from "./annotations.ts";
import type { StringMap } from "./kubernetes.ts";

/** What annotations can stand on; a deployment as applied or as defaulted fits. */
export interface AnnotatedDeployment {
  readonly metadata: { readonly annotations?: StringMap };
  readonly spec: { readonly annotations?: StringMap };
}

export interface AnnotatedPredictor {
  readonly annotations?: StringMap;
  readonly componentSpecs?: readonly { readonly metadata?: { readonly annotations?: StringMap } }[];
}

/** The annotations of a whole deployment, read. Values that cannot be read count as absent: checking reports them. */
export interface DeploymentAnnotations {
  readonly istioGateway?: string;
  readonly istioHost?: string;
  /** Present when there are retries. */
  readonly retries?: { readonly attempts: number; readonly perTryTimeoutMs?: number };
  /** What one predictor may hold at most. */
  readonly circuitBreakers: CircuitBreakerLimits;
  readonly engineSeparatePod: boolean;
  readonly noStorageInitializer: boolean;
  readonly headlessService: boolean;
  /** Absent: the orchestrator's own. */
  readonly loggerQueueEntries?: number;
  readonly loggerWriteTimeoutMs?: number;
  /** Variables of the orchestrator from `seldon.io/engine-<x>`, sorted by name. */
  readonly engineEnv: StringMap;
  readonly stickyKey?: StickyKeySource;
  /** Another deployment's requests that are answered by this one. */
  readonly takeover?: { readonly deployment: string; readonly headers: readonly HeaderMatch[] };
}

export interface CircuitBreakerLimits {
  readonly maxConnections?: number;
  readonly maxPendingRequests?: number;
  readonly maxRequests?: number;
  readonly maxRetries?: number;
}

/** The annotations of one predictor, read. */
export interface PredictorAnnotations {
  readonly noEngine: boolean;
  readonly serviceName?: string;
}

/** The annotations that reach the orchestrator of a predictor by its pod. */
export interface PodAnnotations {
  readonly restTimeoutMs?: number;
  readonly grpcTimeoutMs?: number;
  readonly grpcMaxMessageBytes?: number;
  readonly mergeMeta?: true;
}

export function readDeploymentAnnotations(deployment: AnnotatedDeployment): DeploymentAnnotations {
  const { metadata, spec } = deployment;
  const find = finderIn(spec.annotations, metadata.annotations);
  const gateway = find("seldon.io/istio-gateway");
  const host = find("seldon.io/istio-host");
  const stickyKey = readStickyKey(find("graphway.dev/sticky-key") ?? "");
  const queueEntries = atLeast(0, find("seldon.io/executor-logger-queue-size"));
  const writeTimeoutMs = atLeast(0, find("seldon.io/executor-logger-write-timeout-ms"));
  return {
    ...(gateway === undefined || gateway === "" ? {} : { istioGateway: gateway }),
    ...(host === undefined || host === "" ? {} : { istioHost: host }),
    ...readRetries(find),
    ...readTakeover(find),
    circuitBreakers: readCircuitBreakers(find),
    engineSeparatePod: isOn(spec.annotations?.["seldon.io/engine-separate-pod"]),
    noStorageInitializer: isOn(spec.annotations?.["seldon.io/no-storage-initializer"]),
    headlessService: (find("seldon.io/headless-svc") ?? "false") !== "false",
    ...(queueEntries === undefined ? {} : { loggerQueueEntries: queueEntries }),
    ...(writeTimeoutMs === undefined ? {} : { loggerWriteTimeoutMs: writeTimeoutMs }),
    engineEnv: readEngineEnv(spec.annotations ?? {}),
    ...(stickyKey === undefined ? {} : { stickyKey }),
  };
}

type Find = (key: string) => string | undefined;

function readTakeover(find: Find): Pick<DeploymentAnnotations, "takeover"> {
  const deployment = (find("seldon.io/ambassador-service-name") ?? "").trim();
  if (deployment === "") return {};
  const headers = readHeaderMatches(find("seldon.io/ambassador-header") ?? "");
  return headers === undefined ? {} : { takeover: { deployment, headers } };
}

/** Ambassador's retries hold where nothing is said about Istio's. */
function readRetries(find: Find): Pick<DeploymentAnnotations, "retries"> {
  const attempts = readInteger(find("seldon.io/istio-retries") ?? "");
  if (attempts !== undefined) {
    const timeoutSeconds = atLeast(1, find("seldon.io/istio-retries-timeout")) ?? 1;
    return attempts > 0 ? { retries: { attempts, perTryTimeoutMs: timeoutSeconds * 1000 } } : {};
  }
  const others = atLeast(1, find("seldon.io/ambassador-retries"));
  return others === undefined ? {} : { retries: { attempts: others } };
}

const BREAKERS = [
  ["maxConnections", "seldon.io/ambassador-circuit-breakers-max-connections"],
  ["maxPendingRequests", "seldon.io/ambassador-circuit-breakers-max-pending-requests"],
  ["maxRequests", "seldon.io/ambassador-circuit-breakers-max-requests"],
  ["maxRetries", "seldon.io/ambassador-circuit-breakers-max-retries"],
] as const;

function readCircuitBreakers(find: Find): CircuitBreakerLimits {
  const limits: { -readonly [name in keyof CircuitBreakerLimits]: CircuitBreakerLimits[name] } = {};
  for (const [name, key] of BREAKERS) {
    const limit = atLeast(1, find(key));
    if (limit !== undefined) limits[name] = limit;
  }
  return limits;
}

export function readPredictorAnnotations({ annotations }: AnnotatedPredictor): PredictorAnnotations {
  const serviceName = annotations?.["seldon.io/svc-name"];
  return {
    noEngine: isOn(annotations?.["seldon.io/no-engine"]),
    ...(serviceName === undefined || serviceName === "" ? {} : { serviceName }),
  };
}

/**
 * What the pod at `podIndex` of a predictor carries: spec.annotations, under the predictor's, under the componentSpec's
 * own. Without an index it is a pod of no componentSpec. metadata.annotations never reach pods.
 */
export function readPodAnnotations(
  deployment: AnnotatedDeployment,
  predictor: AnnotatedPredictor,
  podIndex: number | undefined,
): PodAnnotations {
  const own = podIndex === undefined ? undefined : predictor.componentSpecs?.[podIndex]?.metadata?.annotations;
  const find = finderIn(own, predictor.annotations, deployment.spec.annotations);
  // A time of 0 means none.
  const restTimeoutMs = atLeast(1, find("seldon.io/rest-timeout"));
  const grpcTimeoutMs = atLeast(1, find("seldon.io/grpc-timeout"));
  const grpcMaxMessageBytes = atLeast(1, find("seldon.io/grpc-max-message-size"));
  return {
    ...(restTimeoutMs === undefined ? {} : { restTimeoutMs }),
    ...(grpcTimeoutMs === undefined ? {} : { grpcTimeoutMs }),
    ...(grpcMaxMessageBytes === undefined ? {} : { grpcMaxMessageBytes }),
    ...(isOn(find("graphway.dev/merge-meta")) ? { mergeMeta: true } : {}),
  };
}

/** The first of these that has a key wins. */
function finderIn(...maps: readonly (StringMap | undefined)[]): Find {
  const there = maps.filter((map) => map !== undefined);
  return (key) => {
    for (const map of there) if (Object.hasOwn(map, key)) return map[key];
    return undefined;
  };
}

function isOn(value: string | undefined): boolean {
  return value?.toLowerCase() === "true";
}

function atLeast(minimum: number, value: string | undefined): number | undefined {
  const number = value === undefined ? undefined : readInteger(value);
  return number !== undefined && number >= minimum ? number : undefined;
}

function readEngineEnv(annotations: StringMap): StringMap {
  const named = Object.entries(annotations)
    .filter(([key]) => key.startsWith(ENGINE_PREFIX) && findAnnotation(key) === undefined)
    .map(([key, value]): [string, string] => [variableName(key), value]);
  return Object.fromEntries(named.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)));
}

function variableName(key: string): string {
  return key.slice(ENGINE_PREFIX.length).toUpperCase().replaceAll("-", "_");
}
