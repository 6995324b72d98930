import type { Container, EnvVar, ObjectMeta, PodSpec } from "../kubernetes.ts";
import type {
  ComponentSpec,
  Endpoint,
  Explainer,
  HpaSpec,
  Logger,
  Parameter,
  PredictiveUnit,
  PredictorSpec,
  SeldonDeployment,
  SeldonDeploymentSpec,
  Ssl,
  SvcOrchSpec,
} from "../seldon-deployment.ts";
import {
  COMPONENT_TEXTS,
  ENDPOINT_TEXTS,
  EXPLAINER_TEXTS,
  HPA_TEXTS,
  LOGGER_TEXTS,
  NODE_TEXTS,
  ORCHESTRATOR_TEXTS,
  PARAMETER_TEXTS,
  PREDICTOR_TEXTS,
  SPEC_TEXTS,
} from "./field-texts.ts";
import {
  anyMap,
  described,
  flag,
  int32,
  list,
  mapOf,
  object,
  reference,
  text,
  type JsonSchema,
} from "./json-schema.ts";

const resources = reference<Readonly<Record<string, unknown>>>("kubernetes#/definitions/ResourceRequirements");
const env = list(reference<EnvVar>("kubernetes#/definitions/EnvVar"));
const objectMeta = reference<ObjectMeta>("kubernetes#/definitions/ObjectMeta");

const endpoint = described(
  object<Endpoint>({ service_host: text, service_port: int32, type: text, httpPort: int32, grpcPort: int32 }, {}),
  ENDPOINT_TEXTS,
);

const predictiveUnit = described(
  object<PredictiveUnit>(
    {
      name: text,
      children: list(reference<PredictiveUnit>("#/definitions/PredictiveUnit")),
      type: text,
      implementation: text,
      methods: list(text),
      endpoint,
      parameters: list(
        described(
          object<Parameter>({ name: text, value: text, type: text }, { name: true, value: true, type: true }),
          PARAMETER_TEXTS,
        ),
      ),
      modelUri: text,
      serviceAccountName: text,
      envSecretRefName: text,
      storageInitializerImage: text,
      logger: described(object<Logger>({ url: text, mode: text }, {}), LOGGER_TEXTS),
    },
    { name: true },
  ),
  NODE_TEXTS,
);

const hpaSpec = described(
  object<HpaSpec>(
    { minReplicas: int32, maxReplicas: int32, metrics: list(anyMap), metricsv2: list(anyMap) },
    { maxReplicas: true },
  ),
  HPA_TEXTS,
);

/** KEDA's own fields stay as they are; `triggers` is what Seldon's schema asks for. */
const kedaSpec = {
  type: "object",
  additionalProperties: true,
  properties: {
    pollingInterval: int32,
    cooldownPeriod: int32,
    minReplicaCount: int32,
    maxReplicaCount: int32,
    idleReplicaCount: int32,
    advanced: anyMap,
    triggers: list(anyMap),
    fallback: anyMap,
  },
  required: ["triggers"],
} as const satisfies JsonSchema;

const intOrString = { $ref: "kubernetes#/definitions/IntOrString" } as const satisfies JsonSchema;

const pdbSpec = {
  type: "object",
  properties: { minAvailable: intOrString, maxUnavailable: intOrString },
} as const satisfies JsonSchema;

const componentSpec = described(
  object<ComponentSpec>(
    {
      metadata: objectMeta,
      spec: reference<PodSpec>("kubernetes#/definitions/PodSpec"),
      replicas: int32,
      hpaSpec,
      kedaSpec,
      pdbSpec,
    },
    {},
  ),
  COMPONENT_TEXTS,
);

const explainer = described(
  object<Explainer>(
    {
      type: text,
      modelUri: text,
      serviceAccountName: text,
      containerSpec: reference<Container>("kubernetes#/definitions/Container"),
      config: mapOf(text),
      endpoint,
      envSecretRefName: text,
      storageInitializerImage: text,
      replicas: int32,
      initParameters: text,
    },
    {},
  ),
  EXPLAINER_TEXTS,
);

const predictor = described(
  object<PredictorSpec>(
    {
      name: text,
      graph: reference<PredictiveUnit>("#/definitions/PredictiveUnit"),
      componentSpecs: list(componentSpec),
      replicas: int32,
      annotations: mapOf(text),
      engineResources: resources,
      labels: mapOf(text),
      svcOrchSpec: described(object<SvcOrchSpec>({ resources, env, replicas: int32 }, {}), ORCHESTRATOR_TEXTS),
      traffic: int32,
      explainer,
      shadow: flag,
      ssl: object<Ssl>({ certSecretName: text }, {}),
      progressDeadlineSeconds: int32,
    },
    { name: true, graph: true },
  ),
  PREDICTOR_TEXTS,
);

const spec = described(
  object<SeldonDeploymentSpec>(
    {
      name: text,
      predictors: list(predictor),
      oauth_key: text,
      oauth_secret: text,
      annotations: mapOf(text),
      protocol: text,
      transport: text,
      replicas: int32,
      serverType: text,
    },
    { predictors: true },
  ),
  SPEC_TEXTS,
);

/** SeldonDeployment, the same in all three API versions (Seldon 1.17.1). Values that Seldon leaves free stay free. */
export const SELDON_DEPLOYMENT_SCHEMA = {
  $id: "seldon-deployment",
  definitions: { PredictiveUnit: predictiveUnit },
  ...object<SeldonDeployment>(
    { apiVersion: text, kind: text, metadata: objectMeta, spec, status: anyMap },
    { apiVersion: true, kind: true, metadata: true, spec: true },
  ),
} as const;
