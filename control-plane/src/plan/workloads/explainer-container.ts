import type { DefaultedPredictor } from "../../model/defaulted.ts";
import type { Container, ContainerProbe, EnvVar } from "../../model/kubernetes.ts";
import type { Explainer } from "../../model/seldon-deployment.ts";
import type { PlanContext } from "../context.ts";
import { DEFAULT_PRE_STOP, probeOr } from "./graph-container.ts";
import { MODEL_FOLDER } from "./server/model-download.ts";
import { withDefaultVariables } from "./server/variables.ts";

/** Port of an explainer that names none. */
const DEFAULT_PORT = 9000;

/** How MLServer's explainer calls what Seldon's resource does. */
const V2_TYPES: Readonly<Partial<Record<string, string>>> = {
  AnchorTabular: "anchor_tabular",
  AnchorImages: "anchor_image",
  AnchorText: "anchor_text",
  Counterfactuals: "counterfactuals",
  Contrastive: "contrastive",
  KernelShap: "kernel_shap",
  IntegratedGradients: "integrated_gradients",
  ALE: "ALE",
  TreeShap: "tree_shap",
};

/** What an explainer needs to know of the predictor that it explains. */
export interface Explained {
  readonly predictor: DefaultedPredictor;
  readonly explainer: Explainer;
  /** `<service>.<namespace>` and the ports of the predictor. */
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
}

/** The explainer of a predictor; one without a type is none. */
export function explainerOf({ explainer }: DefaultedPredictor): Explainer | undefined {
  return (explainer?.type ?? "") === "" ? undefined : explainer;
}

/** Where it listens: as its container says, else its endpoint. */
export function explainerPort({ containerSpec, endpoint }: Explainer): number {
  const own = containerSpec?.ports?.find(({ name }) => name === "http")?.containerPort;
  if (own !== undefined) return own;
  const said = endpoint?.service_port ?? 0;
  return said === 0 ? DEFAULT_PORT : said;
}

function connectProbe(initialDelaySeconds: number, failureThreshold: number): ContainerProbe {
  const timing = { periodSeconds: 5, timeoutSeconds: 1, successThreshold: 1 };
  return { tcpSocket: { port: "http" }, initialDelaySeconds, ...timing, failureThreshold };
}

/** `--<key>=<value>` by key; what was remote in a value is local after the download. */
function configArgs({ config = {}, modelUri = "" }: Explainer): readonly string[] {
  const keys = Object.keys(config).sort();
  return keys.map((key) => {
    const value = config[key] ?? "";
    return `--${key}=${modelUri === "" ? value : value.replace(modelUri, () => MODEL_FOLDER)}`;
  });
}

/** Command line of Seldon's own explainer, protocols seldon and tensorflow. */
function explainerArgs(context: PlanContext, explained: Explained): readonly string[] {
  const { explainer, predictor, host, httpPort, grpcPort } = explained;
  const overGrpc = context.transport === "grpc" || explainer.endpoint?.type === "GRPC";
  const [transport, port] = overGrpc ? ["grpc", grpcPort] : ["http", httpPort];
  return [
    `--model_name=${predictor.graph.name}`,
    `--predictor_host=${host}:${port}`,
    `--protocol=${context.protocol}.${transport}`,
    `--http_port=${explainerPort(explainer)}`,
    ...((explainer.modelUri ?? "") === "" ? [] : [`--storage_uri=${MODEL_FOLDER}`]),
    explainer.type ?? "",
    ...(explainer.type === "AnchorImages" ? ["--tf_data_type=float32"] : []),
    ...configArgs(explainer),
  ];
}

/** `initParameters`, JSON as text; what is no JSON is reported and left out. */
function initParameters(context: PlanContext, { explainer, predictor }: Explained): Readonly<Record<string, unknown>> {
  const text = (explainer.initParameters ?? "").trim();
  if (text === "") return {};
  try {
    return { init_parameters: JSON.parse(text) as unknown };
  } catch (error) {
    const index = context.resource.spec.predictors.indexOf(predictor);
    const fault = error instanceof Error ? error.message : String(error);
    context.report({
      code: "ExplainerParametersInvalid",
      at: ["spec", "predictors", index, "explainer", "initParameters"],
      message: `initParameters of the explainer of predictor ${predictor.name} is no JSON: ${fault}`,
    });
    return {};
  }
}

/** Environment of MLServer's explainer, protocol v2. It asks the predictor over HTTP whatever the clients use. */
function v2Variables(context: PlanContext, container: Container, explained: Explained): readonly EnvVar[] {
  const { explainer, predictor, host, httpPort } = explained;
  const type = explainer.type ?? "";
  const extra = {
    explainer_type: (Object.hasOwn(V2_TYPES, type) ? V2_TYPES[type] : undefined) ?? type,
    infer_uri: `http://${host}:${httpPort}/v2/models/${predictor.graph.name}/infer`,
    ...initParameters(context, explained),
  };
  return [
    { name: "MLSERVER_HTTP_PORT", value: String(explainerPort(explainer)) },
    { name: "MLSERVER_MODEL_IMPLEMENTATION", value: "mlserver_alibi_explain.AlibiExplainRuntime" },
    { name: "MLSERVER_MODEL_NAME", value: container.name },
    { name: "MLSERVER_MODEL_URI", value: MODEL_FOLDER },
    { name: "MLSERVER_MODEL_EXTRA", value: JSON.stringify(extra) },
  ];
}

function withArgs(context: PlanContext, container: Container, explained: Explained): Container {
  if (context.protocol === "v2") return withDefaultVariables(container, v2Variables(context, container, explained));
  if ((container.args ?? []).length > 0) {
    const { predictor } = explained;
    const index = context.resource.spec.predictors.indexOf(predictor);
    const message = `the explainer of predictor ${predictor.name} is started with generated arguments, not with its own`;
    const at = ["spec", "predictors", index, "explainer", "containerSpec", "args"];
    context.report({ code: "ExplainerArgumentsReplaced", at, message });
  }
  return { ...container, args: explainerArgs(context, explained) };
}

/** The container of an explainer, its own or one made for it; `name` is for one that has none. */
export function planExplainerContainer(context: PlanContext, explained: Explained, name: string): Container {
  const { explainer } = explained;
  const given: Partial<Container> = explainer.containerSpec ?? {};
  const { image, imageV2 } = context.options.workloads.explainer;
  const own = (text: string | undefined, otherwise: string): string => ((text ?? "") === "" ? otherwise : (text ?? ""));
  const ports = given.ports ?? [];
  const http = { name: "http", containerPort: explainerPort(explainer), protocol: "TCP" };
  const container: Container = {
    ...given,
    name: own(given.name, name),
    image: own(given.image, context.protocol === "v2" ? imageV2 : image),
    imagePullPolicy: own(given.imagePullPolicy, "IfNotPresent"),
    ports: ports.some((port) => port.name === "http") ? ports : [...ports, http],
    livenessProbe: probeOr(connectProbe(60, 5), given.livenessProbe),
    readinessProbe: probeOr(connectProbe(20, 7), given.readinessProbe),
    lifecycle: given.lifecycle ?? { preStop: DEFAULT_PRE_STOP },
  };
  return withArgs(context, container, explained);
}
