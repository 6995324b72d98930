import type { PredictiveUnit, PredictorSpec, SeldonDeploymentSpec, SvcOrchSpec } from "../seldon-deployment.ts";
import type { ComponentSpec, Endpoint, Explainer, HpaSpec, Logger, Parameter } from "../seldon-deployment.ts";
import type { FieldTexts } from "./json-schema.ts";

/** What `kubectl explain` says about our own fields. */
export const SPEC_TEXTS: FieldTexts<SeldonDeploymentSpec> = {
  name: "Deprecated; the name of the object counts.",
  predictors: "Graphs between which requests are split. At least one.",
  oauth_key: "Has no effect.",
  oauth_secret: "Has no effect.",
  annotations: "Settings of this deployment; pods get them too.",
  protocol: "seldon (the default), tensorflow, v2, or kfserving, which is v2.",
  transport: "rest or grpc, for all nodes. Default: what each node's endpoint says, else rest.",
  replicas: "Pods of each component that says nothing else.",
  serverType: "rpc (the default) or kafka.",
};

export const PREDICTOR_TEXTS: FieldTexts<PredictorSpec> = {
  name: "Unique in the deployment; part of the names of its Deployments and Services.",
  graph: "The root of the inference graph.",
  componentSpecs: "The pods that run the graph; a container belongs to the node of its name.",
  replicas: "Pods of each component that says nothing else.",
  annotations: "Settings of this predictor; its pods get them too.",
  engineResources: "Has no effect; svcOrchSpec.resources took its place.",
  labels: "Labels of its pods. Absent, version is the predictor's name.",
  svcOrchSpec: "The orchestrator, which walks the graph.",
  traffic: "Share of the requests in percent; for a shadow, of those copied to it (absent: all).",
  explainer: "A server of explanations beside the predictor.",
  shadow: "Gets copies of requests; its answers are dropped.",
  ssl: "Serves TLS with the certificate of this Secret.",
  progressDeadlineSeconds: "How long a Deployment may make no progress before it counts as failed.",
};

export const ORCHESTRATOR_TEXTS: FieldTexts<SvcOrchSpec> = {
  resources: "What its container asks for.",
  env: "Variables of its container.",
  replicas: "Its pods, where it has some of its own.",
};

export const COMPONENT_TEXTS: FieldTexts<ComponentSpec> = {
  metadata: "Name of the Deployment's last part, and labels and annotations of the pods.",
  spec: "The pod.",
  replicas: "Pods of this component.",
  hpaSpec: "Makes a HorizontalPodAutoscaler.",
  kedaSpec: "Makes a ScaledObject of KEDA.",
  pdbSpec: "Makes a PodDisruptionBudget.",
};

export const HPA_TEXTS: FieldTexts<HpaSpec> = {
  metrics: "As in autoscaling/v2beta1; counts before metricsv2.",
  metricsv2: "As in autoscaling/v2.",
};

export const NODE_TEXTS: FieldTexts<PredictiveUnit> = {
  name: "The node, and its container in componentSpecs.",
  children: "Nodes that its answer goes to, or comes from.",
  type: "MODEL, ROUTER, COMBINER, TRANSFORMER or OUTPUT_TRANSFORMER. Default MODEL where nothing else says what it does.",
  implementation: "A built-in such as RANDOM_ABTEST, or a prepackaged server such as SKLEARN_SERVER.",
  methods: "TRANSFORM_INPUT, TRANSFORM_OUTPUT, ROUTE, AGGREGATE, SEND_FEEDBACK; instead of type.",
  endpoint: "How the node is called.",
  parameters: "Values that the node reads.",
  modelUri: "Where the model is downloaded from, to /mnt/models.",
  serviceAccountName: "Account with the credentials for the download.",
  envSecretRefName: "Secret with the variables for the download.",
  storageInitializerImage: "Image that downloads.",
  logger: "Sends requests and answers as CloudEvents.",
};

export const ENDPOINT_TEXTS: FieldTexts<Endpoint> = {
  service_host: "Set by the control plane.",
  service_port: "Set by the control plane.",
  type: "REST or GRPC.",
  httpPort: "Set by the control plane.",
  grpcPort: "Set by the control plane.",
};

export const PARAMETER_TEXTS: FieldTexts<Parameter> = {
  value: "Always a text; type says how to read it.",
  type: "INT, FLOAT, DOUBLE, STRING or BOOL.",
};

export const LOGGER_TEXTS: FieldTexts<Logger> = {
  url: "Where events go. Default: the operator's.",
  mode: "request, response or all.",
};

export const EXPLAINER_TEXTS: FieldTexts<Explainer> = {
  type: "AnchorTabular, AnchorImages, AnchorText, KernelShap, IntegratedGradients, ALE or TreeShap. Empty: no explainer.",
  modelUri: "Where the explainer is downloaded from.",
  containerSpec: "Its container, instead of the default one.",
  config: "Arguments of the explainer.",
  initParameters: "Arguments of an explainer of protocol v2, as JSON.",
};
