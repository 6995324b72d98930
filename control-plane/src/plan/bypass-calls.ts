import type { BypassPlan, DeploymentPlan, PredictorPlan, Transport } from "./deployment-plan.ts";

/** A predictor whose requests may go past its orchestrator. */
export type Bypassed = PredictorPlan & { readonly bypass: BypassPlan };

/** One kind of call that a model takes itself. All of them are POST. */
export interface BypassCall {
  readonly transport: Transport;
  readonly feedback: boolean;
  /** What clients call: the path behind the deployment's prefix, with its slash; of gRPC the full method. */
  readonly path: string;
  /** The same at the model. */
  readonly modelPath: string;
}

const SELDON: readonly BypassCall[] = [
  { transport: "rest", feedback: false, path: "/api/v1.0/predictions", modelPath: "/predict" },
  { transport: "rest", feedback: false, path: "/api/v0.1/predictions", modelPath: "/predict" },
  { transport: "rest", feedback: true, path: "/api/v1.0/feedback", modelPath: "/send-feedback" },
  { transport: "rest", feedback: true, path: "/api/v0.1/feedback", modelPath: "/send-feedback" },
  called("/seldon.protos.Seldon/Predict", "/seldon.protos.Model/Predict"),
  called("/seldon.protos.Seldon/SendFeedback", "/seldon.protos.Model/SendFeedback", true),
];

/** How other protocols name a model in a path. */
const MODEL_PATHS = {
  v2: { of: (model: string) => `/v2/models/${model}/infer`, nameless: ["/v2/models/infer"] },
  tensorflow: {
    of: (model: string) => `/v1/models/${model}:predict`,
    nameless: ["/v1/models/:predict", "/v1/models:predict"],
  },
} as const;

const METHODS = {
  v2: "/inference.GRPCInferenceService/ModelInfer",
  tensorflow: "/tensorflow.serving.PredictionService/Predict",
} as const;

function called(path: string, modelPath = path, feedback = false): BypassCall {
  return { transport: "grpc", feedback, path, modelPath };
}

/** Paths that name a model stay as they are; those that name none can be for several models only if these share a name. */
function callsOfModels(protocol: "v2" | "tensorflow", models: readonly string[]): readonly BypassCall[] {
  const { of, nameless } = MODEL_PATHS[protocol];
  const rest = (path: string, model: string): BypassCall => {
    return { transport: "rest", feedback: false, path, modelPath: of(encodeURIComponent(model)) };
  };
  const [only, ...others] = models;
  return [
    ...models.map((model) => rest(of(encodeURIComponent(model)), model)),
    ...(only === undefined || others.length > 0 ? [] : nameless.map((path) => rest(path, only))),
    called(METHODS[protocol]),
  ];
}

function hasBypass(predictor: PredictorPlan): predictor is Bypassed {
  return predictor.bypass !== undefined;
}

/** The predictors that answer, if all of them can be asked past their orchestrators; otherwise none. */
export function bypassed({ predictors }: Pick<DeploymentPlan, "predictors">): readonly Bypassed[] {
  const answering = predictors.filter((one) => !one.shadow);
  return answering.every(hasBypass) ? answering : [];
}

/** The calls that go past the orchestrators of a deployment; none: all go through them. */
export function bypassCalls(plan: Pick<DeploymentPlan, "predictors" | "protocol">): readonly BypassCall[] {
  const predictors = bypassed(plan);
  if (predictors.length === 0) return [];
  const models = [...new Set(predictors.map(({ bypass }) => bypass.model))];
  const calls = plan.protocol === "seldon" ? SELDON : callsOfModels(plan.protocol, models);
  return calls.filter(({ transport }) => predictors.every(({ bypass }) => bypass.transports.includes(transport)));
}

/** The predictor with its orchestrator in the way. */
export function withoutBypass(predictor: PredictorPlan): PredictorPlan {
  const others: { -readonly [Field in keyof PredictorPlan]: PredictorPlan[Field] } = { ...predictor };
  delete others.bypass;
  return others;
}
