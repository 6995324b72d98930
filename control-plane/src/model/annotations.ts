import type { AnnotationForm } from "./annotation-values.ts";

/**
 * Where an annotation can stand: `spec` is spec.annotations, `metadata` metadata.annotations, `predictor`
 * spec.predictors[].annotations, `pod` spec.predictors[].componentSpecs[].metadata.annotations.
 */
export type AnnotationSite = "spec" | "metadata" | "predictor" | "pod";

/** One row of the registry. */
export interface AnnotationRow {
  readonly key: string;
  /** Where it is read; of several the first that has it counts. */
  readonly sites: readonly AnnotationSite[];
  readonly form: AnnotationForm;
  /** What holds without it. */
  readonly fallback: string;
  readonly meaning: string;
  readonly appliesTo: "deployment" | "predictor" | "orchestrator" | "server";
  /** `error` where Seldon fails on a value that it cannot read. */
  readonly onMalformed: "error" | "warning";
  /** False for keys of Seldon's that have no effect here. */
  readonly effective: boolean;
}

const TEXT: AnnotationForm = { type: "text" };
const FLAG: AnnotationForm = { type: "flag" };

function integer(unit: string, minimum = 0): AnnotationForm {
  return { type: "integer", unit, minimum };
}

type RowDetails = Pick<AnnotationRow, "form" | "fallback" | "meaning"> & Partial<AnnotationRow>;

/** An annotation of the whole deployment: spec.annotations, then metadata.annotations. */
function ofDeployment(key: string, details: RowDetails): AnnotationRow {
  const sites = ["spec", "metadata"] as const;
  return { key, sites, appliesTo: "deployment", onMalformed: "warning", effective: true, ...details };
}

/** An annotation that reaches processes by their pod's annotations: never from metadata.annotations. */
function ofPod(key: string, details: RowDetails): AnnotationRow {
  const sites = ["pod", "predictor", "spec"] as const;
  return { key, sites, appliesTo: "orchestrator", onMalformed: "warning", effective: true, ...details };
}

function ofPredictor(key: string, details: RowDetails): AnnotationRow {
  return { key, sites: ["predictor"], appliesTo: "predictor", onMalformed: "warning", effective: true, ...details };
}

/** One for Ambassador that means the same to other gateways. */
function ofAnyGateway(key: string, details: RowDetails): AnnotationRow {
  return ofDeployment(`seldon.io/ambassador-${key}`, details);
}

/** One that only Ambassador could follow. */
function ofAmbassador(key: string, form: AnnotationForm, meaning: string): AnnotationRow {
  return ofAnyGateway(key, { form, fallback: "none", meaning, effective: false });
}

function circuitBreaker(key: string, unit: string, meaning: string): AnnotationRow {
  const details = { form: integer(unit, 1), fallback: "no limit of its own", meaning };
  return ofAnyGateway(`circuit-breakers-${key}`, details);
}

/** Every annotation that is known; docs/annotations.md is generated from it. From Seldon 1.17.1 unless under graphway.dev. */
export const ANNOTATIONS: readonly AnnotationRow[] = [
  ofDeployment("seldon.io/istio-gateway", {
    form: TEXT,
    fallback: "the configured gateway",
    meaning: "Gateway of the VirtualService; without a namespace the deployment's own is meant.",
  }),
  ofDeployment("seldon.io/istio-host", { form: TEXT, fallback: "`*`", meaning: "Host of the VirtualService." }),
  ofDeployment("seldon.io/istio-retries", {
    form: integer("attempts"),
    fallback: "no retries",
    meaning: "How often a predict-like request is tried again after a gateway error. Feedback is never retried.",
    onMalformed: "error",
  }),
  ofDeployment("seldon.io/istio-retries-timeout", {
    form: integer("seconds", 1),
    fallback: "1",
    meaning: "Time per try; read only when there are retries.",
    onMalformed: "error",
  }),
  ofPod("seldon.io/rest-timeout", {
    form: integer("milliseconds"),
    fallback: "none",
    meaning: "Time for each REST call to a node of the graph.",
  }),
  ofPod("seldon.io/grpc-timeout", {
    form: integer("milliseconds"),
    fallback: "none",
    meaning: "Time for each gRPC call to a node of the graph.",
  }),
  ofPod("seldon.io/grpc-max-message-size", {
    form: integer("bytes", 1),
    fallback: "2147483647",
    meaning: "Largest gRPC message that the orchestrator sends or receives.",
  }),
  ofPod("graphway.dev/merge-meta", {
    form: FLAG,
    fallback: "`false`",
    meaning:
      "The answer's `meta` says what every node of the graph said in its own: tags, metrics, requestPath, and the routing. Protocol seldon only.",
  }),
  ofDeployment("seldon.io/engine-separate-pod", {
    sites: ["spec"],
    form: FLAG,
    fallback: "`false`",
    meaning: "The orchestrator runs in a Deployment of its own instead of beside the model.",
  }),
  ofPredictor("seldon.io/no-engine", {
    form: FLAG,
    fallback: "`false`",
    meaning: "The predictor has no orchestrator: requests go straight to its only node.",
  }),
  ofDeployment("seldon.io/no-storage-initializer", {
    sites: ["spec"],
    form: FLAG,
    fallback: "`false`",
    meaning: "Triton loads modelUri itself.",
    appliesTo: "server",
  }),
  ofDeployment("seldon.io/headless-svc", {
    form: FLAG,
    fallback: "`false`",
    meaning: "Any value but `false`: the predictor's Service has no cluster address.",
  }),
  ofPredictor("seldon.io/svc-name", {
    form: TEXT,
    fallback: "`<deployment>-<predictor>`",
    meaning: "Name of the predictor's Service and DestinationRule.",
  }),
  ofDeployment("seldon.io/executor-logger-queue-size", {
    form: integer("entries"),
    fallback: "10000",
    meaning: "How many payloads may wait to be logged.",
    appliesTo: "orchestrator",
    onMalformed: "error",
  }),
  ofDeployment("seldon.io/executor-logger-write-timeout-ms", {
    form: integer("milliseconds"),
    fallback: "2000",
    meaning: "How long a payload may wait in that queue.",
    appliesTo: "orchestrator",
    onMalformed: "error",
  }),
  ofAmbassador("config", TEXT, "Raw Ambassador configuration."),
  ofAnyGateway("service-name", {
    form: TEXT,
    fallback: "none",
    meaning:
      "With `seldon.io/ambassador-header`: the deployment of this namespace whose requests with that header are answered here. Nothing without it.",
  }),
  ofAnyGateway("header", {
    form: { type: "headerMatch" },
    fallback: "none",
    meaning: "Which of those requests are meant. Nothing without `seldon.io/ambassador-service-name`.",
  }),
  ofAmbassador("regex-header", TEXT, "Header match of Ambassador by regular expression."),
  ofAmbassador("id", TEXT, "Ambassador's own id."),
  ofAnyGateway("retries", {
    form: integer("attempts"),
    fallback: "no retries",
    meaning: "As `seldon.io/istio-retries`, which wins, without a time per try.",
  }),
  circuitBreaker("max-connections", "connections", "Most connections to one predictor."),
  circuitBreaker("max-pending-requests", "requests", "Most requests that wait for a connection to one predictor."),
  circuitBreaker("max-requests", "requests", "Most requests in flight to one predictor."),
  circuitBreaker("max-retries", "retries", "Most retries in flight to one predictor."),
  ofDeployment("graphway.dev/sticky-key", {
    form: { type: "stickyKey" },
    fallback: "the request id",
    meaning: "The part of a request that keeps it on its predictor. A RoutePolicy wins over it.",
    onMalformed: "error",
  }),
];

/** Keys of this form become variables of the orchestrator: `seldon.io/engine-log-level` is `LOG_LEVEL`. Only in spec.annotations. */
export const ENGINE_PREFIX = "seldon.io/engine-";

/** Keys of Seldon's Java engine, and the one that chose between it and the executor: nothing has read them since. */
export const LEGACY_ANNOTATIONS: readonly string[] = [
  "seldon.io/rest-read-timeout",
  "seldon.io/rest-connection-timeout",
  "seldon.io/rest-connect-retries",
  "seldon.io/grpc-read-timeout",
  "seldon.io/executor",
];

const BY_KEY: ReadonlyMap<string, AnnotationRow> = new Map(ANNOTATIONS.map((row) => [row.key, row]));

/** The row of a key. */
export function findAnnotation(key: string): AnnotationRow | undefined {
  return BY_KEY.get(key);
}

/** True for keys that nobody but Seldon or this project gives a meaning. */
export function isOurKey(key: string): boolean {
  return key.startsWith("seldon.io/") || key.startsWith("graphway.dev/");
}
