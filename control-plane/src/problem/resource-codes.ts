import type { ProblemCodeRow } from "./code-row.ts";

/** Codes of what a resource says that it may not, or should not, say. */
export const RESOURCE_CODES = {
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
    meaning: "No pod of the resource can host the orchestrator, so it gets its own; Seldon fails to deploy this.",
    hint: 'if that is not meant, put a container of a node in the first componentSpec, or set seldon.io/engine-separate-pod: "true" in spec.annotations',
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
  BranchParameterInvalid: {
    severity: "error",
    meaning: "A parameter that the orchestrator reads itself (onError, default, minReady) can't be meant as it stands.",
    hint: "see docs/node-parameters.md; a model never gets parameters of these names",
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
    meaning: "This annotation is known, but it has no effect here.",
    hint: "remove it, or see docs/annotations.md for what there is instead",
  },
  SeldonConfigInvalid: {
    severity: "warning",
    meaning: "A key of the ConfigMap seldon-config cannot be read; what it said before holds, else its default.",
    hint: "write JSON in the form that Seldon's Helm chart has; line and column count in the key's text",
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
    meaning:
      "Two RoutePolicies target the same SeldonDeployment; the older one is used, of equally old ones the one whose name sorts first.",
    hint: "merge them into one",
  },
  PolicyStickyInvalid: {
    severity: "error",
    meaning:
      "The sticky keys of a RoutePolicy are not headers, cookies and query parameters, or their cookie can't be issued.",
    hint: "write one of header, cookie or query with a name",
  },
  PolicyChoiceInvalid: {
    severity: "error",
    meaning: "A part of a RoutePolicy needs exactly one of several fields.",
    hint: "write exactly one of the fields that the message names",
  },
  PolicyNameInvalid: {
    severity: "error",
    meaning: "A RoutePolicy names something that no request can have, or that has no such name in Kubernetes.",
    hint: "use a name of the form that the message says",
  },
  PolicyTooLarge: {
    severity: "error",
    meaning:
      "A RoutePolicy has more than the filter's table can hold: 16 conditions for a rule or shadow, 1,024 bytes for a text.",
    hint: "make it smaller, or split the rule",
  },
  PolicyDuplicate: {
    severity: "error",
    meaning: "A RoutePolicy says something twice. Where nothing changes by it this is a warning.",
    hint: "remove one of them",
  },
  PolicyWeightsZero: {
    severity: "error",
    meaning: "The split of a rule gives no predictor any weight.",
    hint: "give at least one predictor a weight above 0",
  },
  PolicyPredictorUnknown: {
    severity: "error",
    meaning: "A RoutePolicy names a predictor that its target does not have.",
    hint: "name one of the target's predictors",
  },
  PolicyPredictorShadow: {
    severity: "error",
    meaning: "A RoutePolicy lets a shadow answer.",
    hint: "name a predictor that is no shadow, or remove its shadow: true",
  },
  PolicyShadowOfItself: {
    severity: "error",
    meaning: "A predictor is to get copies of what it answers itself.",
    hint: "leave it out of beside",
  },
  PolicyShadowIdle: {
    severity: "warning",
    meaning: "A shadow gets no copies, ever.",
    hint: "remove it, or change what the message names",
  },
  PolicyRuleUnreachable: {
    severity: "warning",
    meaning: "A rule of a RoutePolicy never takes a request.",
    hint: "remove the rule, or change what the message names",
  },
  PolicyRetriesIdle: {
    severity: "warning",
    meaning: "Settings of retries have no effect.",
    hint: "remove them, or allow retries",
  },
  PolicyRetriesBeyondDeadline: {
    severity: "warning",
    meaning:
      "All tries of a RoutePolicy together take longer than its deadline; the last ones are cut short or never made.",
    hint: "lower attempts or perTryTimeoutMs, or raise the deadline",
  },
  PolicyDeadlineInvalid: {
    severity: "error",
    meaning: "The default deadline of a RoutePolicy is above its maximum.",
    hint: "lower defaultMs or raise maxMs",
  },
  PolicyLimitsInvalid: {
    severity: "error",
    meaning: "Limits of a RoutePolicy do not go together.",
    hint: "write requestsPerSecond too, or remove burst",
  },
  PolicySecretInvalid: {
    severity: "error",
    meaning: "A secret of a RoutePolicy is not given by its SHA-256.",
    hint: 'write the output of: printf %s "$SECRET" | sha256sum',
  },
  PolicyBypassUnfit: {
    severity: "warning",
    meaning:
      "A RoutePolicy asks for requests to go straight to the models, but something needs the orchestrator; they go through it.",
    hint: "remove what the message names, or bypass from the policy",
  },
  PolicyOverridesAnnotation: {
    severity: "warning",
    meaning: "A RoutePolicy and an annotation disagree; the policy is used.",
    hint: "remove the annotation or make them agree",
  },
} as const satisfies Record<string, ProblemCodeRow>;
