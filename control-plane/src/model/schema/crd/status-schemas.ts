import type { StructuralSchema } from "./structural-schema.ts";

const text: StructuralSchema = { type: "string" };
const int32: StructuralSchema = { type: "integer", format: "int32" };
const int64: StructuralSchema = { type: "integer", format: "int64" };

function object(
  properties: Readonly<Record<string, StructuralSchema>>,
  required: readonly string[] = [],
): StructuralSchema {
  return { type: "object", properties, ...(required.length === 0 ? {} : { required }) };
}

/** `status` of a SeldonDeployment: every field of Seldon 1.17.1's, also those that nobody writes. */
export const SELDON_STATUS: StructuralSchema = {
  description: "What runs, and whether it is ready.",
  ...object({
    state: { ...text, description: "Available, Creating or Failed." },
    description: { ...text, description: "Why the deployment is not available." },
    observedGeneration: { ...int64, description: "The generation of the resource that this status is about." },
    replicas: { ...int32, description: "Pods of the first component of the first predictor." },
    address: {
      description: "Where predictions are served inside the cluster.",
      ...object({ url: { ...text, description: "URL of predictions by REST, of the first predictor." } }),
    },
    annotations: { description: "Nobody writes it.", type: "object", additionalProperties: text },
    conditions: {
      description: "What it waits for: Ready sums up the others.",
      type: "array",
      items: object(
        {
          type: { ...text, description: "Ready, Accepted, DeploymentsReady, …" },
          status: { ...text, description: "True, False or Unknown." },
          reason: { ...text, description: "Why, in a word or in Seldon's sentence." },
          message: { ...text, description: "Why, for people." },
          severity: { ...text, description: "Nobody writes it." },
          lastTransitionTime: { ...text, description: "Since when the status is as it is." },
        },
        ["status", "type"],
      ),
    },
    deploymentStatus: {
      description: "Each Deployment by name.",
      type: "object",
      additionalProperties: object({
        replicas: { ...int32, description: "Pods that there are." },
        availableReplicas: { ...int32, description: "Pods that answer." },
        name: { ...text, description: "Nobody writes it." },
        status: { ...text, description: "Nobody writes it." },
        description: { ...text, description: "Nobody writes it." },
        explainerFor: { ...text, description: "Nobody writes it." },
      }),
    },
    serviceStatus: {
      description: "Each Service by name.",
      type: "object",
      additionalProperties: object({
        svcName: { ...text, description: "The Service." },
        httpEndpoint: { ...text, description: "Where it is called by REST, service.namespace:port." },
        grpcEndpoint: { ...text, description: "Where it is called by gRPC, service.namespace:port." },
        explainerFor: { ...text, description: "Of an explainer: the predictor's Service." },
      }),
    },
  }),
};

const condition = object(
  {
    type: { ...text, maxLength: 316 },
    status: { ...text, enum: ["True", "False", "Unknown"] },
    observedGeneration: int64,
    lastTransitionTime: { ...text, format: "date-time" },
    reason: { ...text, minLength: 1, maxLength: 1024 },
    message: { ...text, maxLength: 32_768 },
  },
  ["lastTransitionTime", "message", "reason", "status", "type"],
);

/** `status` of a RoutePolicy, as Gateway API has policies say what became of them: conditions per target. */
export const POLICY_STATUS: StructuralSchema = {
  description: "What became of the policy, for each of its targets.",
  ...object(
    {
      ancestors: {
        type: "array",
        maxItems: 16,
        "x-kubernetes-list-type": "atomic",
        items: object(
          {
            ancestorRef: object({ group: text, kind: text, namespace: text, name: text, sectionName: text }, ["name"]),
            controllerName: { ...text, minLength: 1, maxLength: 253 },
            conditions: {
              type: "array",
              maxItems: 8,
              "x-kubernetes-list-map-keys": ["type"],
              "x-kubernetes-list-type": "map",
              items: condition,
            },
          },
          ["ancestorRef", "conditions", "controllerName"],
        ),
      },
    },
    ["ancestors"],
  ),
};
