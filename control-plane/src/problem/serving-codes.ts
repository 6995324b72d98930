import type { ProblemCodeRow } from "./code-row.ts";

/** Codes of planning, of what an output cannot express, and of running and serving. */
export const SERVING_CODES = {
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
  ClusterKindMissing: {
    severity: "error",
    meaning: "A cluster does not know a kind of object that the control plane was told to write.",
    hint: "install what brings it (Istio's or KEDA's CustomResourceDefinitions), or switch it off",
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
  EnvoyTooOld: {
    severity: "warning",
    meaning:
      "A proxy that asks for a deployment's routes or filter table runs, by its own word, an Envoy or Istio too old for them. Istio before 1.28 asks for none and is not seen.",
    hint: "renew the proxy; until then it may refuse a version, and goes on with the one before",
  },
  FilterTableUnfit: {
    severity: "error",
    meaning:
      "A deployment cannot stand in the filter's table; its version before stays there, or Envoy's own weighted routes serve it.",
    hint: "change what the message names",
  },
  FilterTableFull: {
    severity: "error",
    meaning:
      "The filter's table has no room for a deployment; its version before stays there, or Envoy's own weighted routes serve it.",
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
  ServerImageMissing: {
    severity: "error",
    meaning: "A prepackaged server has no image for the deployment's protocol; Kubernetes would refuse its pod.",
    hint: "use the protocol that the server speaks (v2 for TRITON, HUGGINGFACE and TEMPO), or give its container an image",
  },
  KedaDisabled: {
    severity: "warning",
    meaning: "A componentSpec has a kedaSpec, but KEDA is not switched on: its replicas hold, or its hpaSpec.",
    hint: "set keda.enabled of the chart (KEDA_ENABLED), or use hpaSpec or replicas",
  },
  KafkaNotServed: {
    severity: "warning",
    meaning: "A deployment of serverType kafka is served over REST and gRPC only.",
    hint: "read the topics by a client of your own that calls the deployment, or remove serverType",
  },
  WorkloadNameClash: {
    severity: "error",
    meaning: "Two objects of a deployment would have one name, made of the names of predictors and containers.",
    hint: "rename one of the predictors or containers",
  },
  ExplainerNotRouted: {
    severity: "warning",
    meaning: "Local mode: a predictor has an explainer, which is not run or routed on one machine.",
    hint: "call the predictor itself; its predictions are not affected",
  },
  ExplainerHidesDeployment: {
    severity: "warning",
    meaning:
      "The URLs of a deployment's explainers lie below those of another deployment named <deployment>-explainer.",
    hint: "rename one of the two deployments; in Istio the one that was made first gets the requests of both",
  },
  TakeoverTargetMissing: {
    severity: "warning",
    meaning: "A deployment is to answer some requests of another one, which is not there.",
    hint: "check seldon.io/ambassador-service-name; in Istio nothing is routed until the other deployment is there",
  },
  ExplainerParametersInvalid: {
    severity: "error",
    meaning: "The initParameters of an explainer are no JSON.",
    hint: "write a JSON object as text",
  },
  ExplainerArgumentsReplaced: {
    severity: "warning",
    meaning: "An explainer's container has arguments of its own, which generated ones replace, as in Seldon.",
    hint: "put them into explainer.config, or into the command",
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
  RequestToNobody: {
    severity: "error",
    meaning: "`graphway explain` was asked about a request that the filter leaves to the routes.",
    hint: "check namespace and name, the path, and that the deployment has no errors",
  },
  FilterDisagrees: {
    severity: "error",
    meaning: "The compiled filter does something else than its specification says: a fault of Graphway.",
    hint: "build the filter again (npm run build); if it stays, report it with the table and the request",
  },
  TargetInexpressible: {
    severity: "warning",
    meaning: "A deployment asks for something that a target of `graphway render` cannot express, or only in part.",
    hint: "docs/targets.md says what each target can; Graphway's own gateway can do the most",
  },
  GatewayApiListenerShared: {
    severity: "warning",
    meaning:
      "HTTPRoutes and GRPCRoutes of one host attach to the same listener, of which an implementation may accept one kind only.",
    hint: "give REST and gRPC a listener each, named by --http-listener and --grpc-listener; Istio accepts both on one",
  },
  IstioNeedsStripping: {
    severity: "warning",
    meaning: "Istio's entries trust a header that its gateway takes from clients too, unless told otherwise.",
    hint: "graphway install --istio makes gateways take x-graphway headers off clients' requests (docs/istio.md)",
  },
  GatewayMissing: {
    severity: "warning",
    meaning: "A deployment is to be reached by an Istio Gateway that is not in the cluster.",
    hint: "make the Gateway, or name another by seldon.io/istio-gateway or the chart's istio.gateway",
  },
  ListenerMissing: {
    severity: "warning",
    meaning: "No listener of the Gateways of Graphway's own gateway lets requests in to a deployment.",
    hint: "open a listener to its namespace (allowedRoutes) and host, or name another Gateway by seldon.io/istio-gateway",
  },
  IstioInstallationInvalid: {
    severity: "error",
    meaning: "An installation into Istio's proxies that would harm, or do nothing, was asked for.",
    hint: "docs/istio.md says what can be chosen",
  },
  IstioTableTooLarge: {
    severity: "error",
    meaning: "A route table is too large to be handed out by istiod.",
    hint: "let proxies fetch it from the control plane: graphway install --istio --via control-plane",
  },
} as const satisfies Record<string, ProblemCodeRow>;
