/** How bad a problem is: an `error` stops its own deployment only; a `warning` stops nothing. */
export type Severity = "error" | "warning";

/** One row of the table of problem codes. */
export interface ProblemCodeRow {
  readonly severity: Severity;
  /** What the code stands for, one sentence; printed in docs/problems.md. */
  readonly meaning: string;
  /** What to do about it when the place that reports it knows nothing better. */
  readonly hint: string;
}

/** Every code a problem can carry. docs/problems.md is generated from this table. */
export const PROBLEM_CODES = {
  SourceUnreadable: {
    severity: "error",
    meaning: "A file or folder named by the user cannot be read.",
    hint: "check that the path exists and that you may read it",
  },
  ConfigRefused: {
    severity: "warning",
    meaning: "An Envoy or an orchestrator refused what it was sent and goes on with the version before.",
    hint: "see the log of the one that refused; the next change is sent again",
  },
  TooManyShadows: {
    severity: "warning",
    meaning: "A deployment has more shadows than one request can be copied to.",
    hint: "mark fewer predictors as shadow",
  },
  LocalCommandMissing: {
    severity: "error",
    meaning: "Local mode: a container of the graph has no `command`, so there is nothing to run as a process.",
    hint: "add a `command` to the container, or point its node at something already running with --endpoint",
  },
  LocalCommandNotFound: {
    severity: "error",
    meaning: "Local mode: the program or the working folder of a container does not exist on this machine.",
    hint: "install the program or write its path; relative paths count from the manifest's folder",
  },
  LocalContainerNotRun: {
    severity: "warning",
    meaning: "Local mode: a container outside the graph has no `command` and is left out.",
    hint: "add a `command` if the graph needs it",
  },
  LocalEndpointInvalid: {
    severity: "error",
    meaning: "A value of --endpoint cannot be read.",
    hint: "write --endpoint <deployment>/<predictor>/<node>=<host>:<port>[,<grpc-port>]",
  },
  LocalEndpointUnused: {
    severity: "warning",
    meaning: "An --endpoint names a node that no deployment has.",
    hint: "check the names of deployment, predictor and node",
  },
  LocalFieldIgnored: {
    severity: "warning",
    meaning: "Local mode: a field needs a cluster (volumes, secrets, downward API) and has no effect.",
    hint: "give the container what it needs by `env` values or by files in its working folder",
  },
  LocalPortClash: {
    severity: "error",
    meaning: "Local mode: two containers write the same port number in their commands, and all share one machine.",
    hint: "write $(PREDICTIVE_UNIT_HTTP_SERVICE_PORT) or $(PREDICTIVE_UNIT_GRPC_SERVICE_PORT) instead of the number",
  },
  LocalPortInUse: {
    severity: "error",
    meaning: "Local mode: the port a container writes in its command is in use by another program.",
    hint: "write $(PREDICTIVE_UNIT_HTTP_SERVICE_PORT) or $(PREDICTIVE_UNIT_GRPC_SERVICE_PORT) instead of the number",
  },
  LocalProcessFailed: {
    severity: "error",
    meaning: "Local mode: the process of a container or orchestrator ended; it is started again after a pause.",
    hint: "read its last lines; it is started again by itself",
  },
  TextNotYaml: {
    severity: "error",
    meaning: "A document is neither YAML nor JSON.",
    hint: "check the indentation, quotes and brackets at this place and just before it",
  },
  TextTooLarge: {
    severity: "error",
    meaning: "A file, document or object is larger or more deeply nested than the limits allow.",
    hint: "split it, or check for an alias that repeats itself many times",
  },
  TextEmpty: {
    severity: "warning",
    meaning: "A file holds no Kubernetes object.",
    hint: "check that it is the file you mean",
  },
  KeyDuplicate: {
    severity: "warning",
    meaning: "A key stands twice in the same map; kubectl sends the last one.",
    hint: "keep one of the two",
  },
  ObjectNotMap: {
    severity: "error",
    meaning: "A document is not a Kubernetes object.",
    hint: "an object is a map with apiVersion, kind, metadata and spec",
  },
  KindMissing: {
    severity: "error",
    meaning: "An object does not say its apiVersion or its kind.",
    hint: "add apiVersion: machinelearning.seldon.io/v1 and kind: SeldonDeployment",
  },
  KindSkipped: {
    severity: "warning",
    meaning: "An object of a kind that is not read here was left out.",
    hint: "only SeldonDeployment and RoutePolicy are read",
  },
  KindUnknown: {
    severity: "error",
    meaning: "An object has a kind or version that its API group does not have.",
    hint: "use SeldonDeployment of machinelearning.seldon.io/v1, v1alpha2 or v1alpha3, or RoutePolicy of graphway.dev/v1alpha1",
  },
  NameMissing: {
    severity: "error",
    meaning: "An object has no metadata.name.",
    hint: "give it a name",
  },
  NameInvalid: {
    severity: "error",
    meaning: "A name, namespace or label of the object's metadata is one that Kubernetes refuses.",
    hint: "use lower-case letters, digits and -, beginning and ending with a letter or digit",
  },
  ObjectDuplicate: {
    severity: "error",
    meaning: "Two objects of the same kind have the same namespace and name.",
    hint: "remove or rename one of them",
  },
  FieldMissing: {
    severity: "error",
    meaning: "A required field is missing.",
    hint: "add the field",
  },
  FieldWrong: {
    severity: "error",
    meaning: "A field has a value of the wrong type or form.",
    hint: "write the value as the message says",
  },
  FieldUnknown: {
    severity: "warning",
    meaning:
      "The schema has no such field; Kubernetes drops it in silence, unless the client asks it to refuse (kubectl 1.25 and later).",
    hint: "check the spelling and the place of the field",
  },
  GraphTooDeep: {
    severity: "error",
    meaning: "A graph has more levels of children than the limit; Kubernetes would drop the deeper ones.",
    hint: "make the graph flatter",
  },
  ProtocolInvalid: {
    severity: "error",
    meaning: "Rule 1: spec.protocol is not one that Seldon knows.",
    hint: "use seldon, tensorflow, v2 or kfserving",
  },
  TransportInvalid: {
    severity: "error",
    meaning: "Rule 2: spec.transport is not one that Seldon knows.",
    hint: "use rest or grpc",
  },
  ServerTypeInvalid: {
    severity: "error",
    meaning: "Rule 3: spec.serverType is not one that Seldon knows.",
    hint: "use rpc or kafka",
  },
  KafkaEnvMissing: {
    severity: "error",
    meaning: "Rule 4: serverType kafka needs the broker and its topics in each predictor's svcOrchSpec.env.",
    hint: "add the variables that are missing",
  },
  ShadowAlone: {
    severity: "error",
    meaning: "Rule 5: the only predictor is a shadow, so nothing would answer.",
    hint: "remove shadow: true or add a predictor that answers",
  },
  ServiceNameDuplicate: {
    severity: "error",
    meaning: "Rule 6: two predictors ask for the same Service name by seldon.io/svc-name.",
    hint: "give each predictor its own name",
  },
  PredictorsMissing: {
    severity: "error",
    meaning: "Rule 7: the deployment has no predictors.",
    hint: "add at least one predictor",
  },
  NoEngineGraph: {
    severity: "error",
    meaning: "Rule 8: a graph of several nodes cannot run without an orchestrator (seldon.io/no-engine).",
    hint: "remove the annotation or keep one node",
  },
  PredictorDuplicate: {
    severity: "error",
    meaning: "Rule 9: two predictors have the same name.",
    hint: "give each predictor its own name",
  },
  ContainerMissing: {
    severity: "error",
    meaning: "Rule 10: a node has no implementation and no container of its name.",
    hint: "name a container in componentSpecs like the node, or set an implementation",
  },
  MethodsMissing: {
    severity: "error",
    meaning: "Rule 11: a node of unknown type does not say which methods it has.",
    hint: "set type to MODEL, ROUTER, COMBINER, TRANSFORMER or OUTPUT_TRANSFORMER, or list methods",
  },
  ModelUriMissing: {
    severity: "error",
    meaning: "Rule 12: a prepackaged server has no model to load.",
    hint: "set modelUri",
  },
  ServerProtocolMismatch: {
    severity: "error",
    meaning: "Rule 13: a prepackaged server cannot speak the tensorflow protocol.",
    hint: "use TENSORFLOW_SERVER or another protocol",
  },
  ServerUnknown: {
    severity: "error",
    meaning: "Rule 14: an implementation is no prepackaged server that is configured.",
    hint: "check the spelling, add it to predictor_servers, or give the node a container with an image",
  },
  LoggerModeMissing: {
    severity: "error",
    meaning: "Rule 15: a node's logger does not say what to log.",
    hint: "set logger.mode to all, request or response",
  },
  EndpointTypesMixed: {
    severity: "error",
    meaning: "Rule 16: the nodes ask for different endpoint types.",
    hint: "remove endpoint.type from the nodes and set spec.transport",
  },
  TransportContradiction: {
    severity: "error",
    meaning: "Rule 17: endpoint.type of the nodes contradicts spec.transport.",
    hint: "remove endpoint.type from the nodes",
  },
  ShadowsMany: {
    severity: "error",
    meaning: "Rule 18: more predictors are shadows than are allowed.",
    hint: "keep one predictor with shadow: true",
  },
  ShadowTrafficRange: {
    severity: "error",
    meaning: "Rule 19: the traffic of a shadow is no percentage.",
    hint: "use a number from 0 to 100; 0 copies every request",
  },
  TrafficSum: {
    severity: "error",
    meaning: "Rule 20: the traffic of several predictors does not sum to 100.",
    hint: "set traffic on each predictor so that they sum to 100",
  },
  TrafficSingle: {
    severity: "error",
    meaning: "Rule 21: the only predictor does not get all the traffic.",
    hint: "remove traffic or set it to 100",
  },
  EngineNowhere: {
    severity: "warning",
    meaning: "No pod can host the orchestrator: Seldon accepts this, then fails to deploy it.",
    hint: 'put a container of a node in the first componentSpec, or set seldon.io/engine-separate-pod: "true" in spec.annotations',
  },
  ValueUnknown: {
    severity: "warning",
    meaning: "A value is none of those that its field knows; Seldon accepts it and it has no meaning.",
    hint: "check the spelling",
  },
  GraphShapeSuspect: {
    severity: "warning",
    meaning: "A node has a number of children that makes no sense for it.",
    hint: "check the children of the node",
  },
  NodeDuplicate: {
    severity: "warning",
    meaning: "Two nodes of a graph have the same name and so the same container.",
    hint: "give each node its own name",
  },
  NameNotDns: {
    severity: "warning",
    meaning: "A name is used for Kubernetes objects, which will refuse it.",
    hint: "use lower-case letters, digits and -, beginning and ending with a letter or digit",
  },
  ContainerDuplicate: {
    severity: "warning",
    meaning: "Two containers of a predictor have the same name; Kubernetes or Seldon cannot tell them apart.",
    hint: "give each container its own name",
  },
  ImageMissing: {
    severity: "warning",
    meaning: "A container of the graph has no image; Kubernetes will refuse its pod.",
    hint: "set the image, or a protocol that the prepackaged server has an image for",
  },
  TrafficSuspect: {
    severity: "warning",
    meaning: "A traffic value is accepted by Seldon but is not what it seems.",
    hint: "use percentages from 0 to 100 that sum to 100",
  },
  AnnotationUnknown: {
    severity: "warning",
    meaning: "Nothing reads this annotation of seldon.io or graphway.dev.",
    hint: "see docs/annotations.md",
  },
  AnnotationMisplaced: {
    severity: "warning",
    meaning: "This annotation is not read at this place.",
    hint: "see docs/annotations.md for where it is read",
  },
  AnnotationMalformed: {
    severity: "warning",
    meaning:
      "The value of an annotation cannot be read; it has no effect, or stops the deployment where Seldon fails on it.",
    hint: "see docs/annotations.md for its form",
  },
  AnnotationWithoutEffect: {
    severity: "warning",
    meaning: "Seldon knows this annotation, but it has no effect here.",
    hint: "remove it, or see docs/annotations.md for what there is instead",
  },
  PolicyTargetWrong: {
    severity: "error",
    meaning: "A RoutePolicy targets something other than a SeldonDeployment.",
    hint: "set targetRef to group machinelearning.seldon.io, kind SeldonDeployment and the name",
  },
  PolicyTargetMissing: {
    severity: "warning",
    meaning: "The SeldonDeployment that a RoutePolicy targets is not there.",
    hint: "check the name; the policy and its target must share a namespace",
  },
  PolicyConflict: {
    severity: "error",
    meaning: "Two RoutePolicies target the same SeldonDeployment; the one whose name sorts first is used.",
    hint: "merge them into one",
  },
  PolicyStickyInvalid: {
    severity: "error",
    meaning: "The sticky key of a RoutePolicy does not name exactly one header, cookie or query parameter.",
    hint: "write one of header, cookie or query with a name",
  },
  PolicyOverridesAnnotation: {
    severity: "warning",
    meaning: "A RoutePolicy and an annotation disagree; the policy is used.",
    hint: "remove the annotation or make them agree",
  },
  FilterTableUnfit: {
    severity: "error",
    meaning: "A deployment cannot stand in the filter's table; Envoy's own weighted routes serve it.",
    hint: "change what the message names",
  },
  FilterTableFull: {
    severity: "error",
    meaning: "The filter's table has no room for a deployment; Envoy's own weighted routes serve it.",
    hint: "split the deployments over several gateways, or scope the tables by namespace",
  },
  FilterTableUnreadable: {
    severity: "error",
    meaning: "Bytes that should be a filter table are none; the filter would refuse them.",
    hint: "give the bytes that graphway render -t filter-table -o bytes prints, or their base64 from Envoy's config_dump",
  },
  TrafficNegative: {
    severity: "error",
    meaning: "A predictor's share of the traffic is below zero.",
    hint: "give every predictor a share of 0 or more; together they must make 100",
  },
  TrafficMissing: {
    severity: "error",
    meaning: "No predictor of a deployment gets any traffic.",
    hint: "give at least one predictor a share above 0",
  },
  NodeNeedsOrchestrator: {
    severity: "error",
    meaning: "A predictor without orchestrator has a node that only the orchestrator can run.",
    hint: "remove seldon.io/no-engine, or give the node a container",
  },
  ExplainerNotRouted: {
    severity: "warning",
    meaning: "A predictor has an explainer, which is not run or routed.",
    hint: "call the predictor itself; its predictions are not affected",
  },
  HostInvalid: {
    severity: "error",
    meaning: "A host of a deployment is no host name; one such name would make a proxy refuse everybody's routes.",
    hint: "write a host name such as models.example.com, *.example.com, or * for any",
  },
  PredictorNameUnfit: {
    severity: "error",
    meaning: "A predictor's name has characters that cannot stand in the names and headers made of it.",
    hint: "use lower-case letters, digits and dashes",
  },
  IstioInexpressible: {
    severity: "warning",
    meaning: "Something in a deployment cannot be said in Istio's objects.",
    hint: "change it as the message says, or use Graphway's own gateway",
  },
  IstioNeedsStripping: {
    severity: "warning",
    meaning: "Istio's entries trust a header that its gateway takes from clients too, unless told otherwise.",
    hint: "install the EnvoyFilter of docs/differences.md, which takes x-graphway headers off clients' requests at the gateway",
  },
} as const satisfies Record<string, ProblemCodeRow>;

/** A code of the table. */
export type ProblemCode = keyof typeof PROBLEM_CODES;
