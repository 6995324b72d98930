import { ROUTE_POLICY_API_VERSION, ROUTE_POLICY_KIND } from "../../route-policy.ts";
import { SELDON_GROUP, SELDON_KIND, SELDON_VERSIONS } from "../../seldon-deployment.ts";
import { DEFAULT_MODEL_SETTINGS } from "../../settings.ts";
import { crdOf, type CustomResourceDefinition } from "./custom-resource-definition.ts";
import { POLICY_STATUS, SELDON_STATUS } from "./status-schemas.ts";

const AGE = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" } as const;

/** SeldonDeployment in its three versions: Seldon 1.17.1's, with columns, and deeper graphs. */
const SELDON_DEPLOYMENT_CRD: CustomResourceDefinition = crdOf({
  schema: "seldon-deployment",
  group: SELDON_GROUP,
  kind: SELDON_KIND,
  plural: "seldondeployments",
  shortNames: ["sdep"],
  description: "Inference graphs, the pods that run them, and how requests are split between them.",
  versions: SELDON_VERSIONS,
  status: SELDON_STATUS,
  levels: DEFAULT_MODEL_SETTINGS.limits.maxGraphDepth,
  scales: true,
  columns: [
    { name: "State", type: "string", jsonPath: ".status.state" },
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Replicas", type: "integer", jsonPath: ".status.replicas" },
    AGE,
    { name: "Protocol", type: "string", jsonPath: ".spec.protocol", priority: 1 },
    { name: "URL", type: "string", jsonPath: ".status.address.url", priority: 1 },
    { name: "Message", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
  ],
});

const [POLICY_GROUP = "", POLICY_VERSION = ""] = ROUTE_POLICY_API_VERSION.split("/");

/** RoutePolicy, a direct policy attachment of Gateway API's kind. */
const ROUTE_POLICY_CRD: CustomResourceDefinition = crdOf({
  schema: "route-policy",
  group: POLICY_GROUP,
  kind: ROUTE_POLICY_KIND,
  plural: "routepolicies",
  shortNames: ["rpol"],
  labels: { "gateway.networking.k8s.io/policy": "Direct" },
  description: "How requests to one SeldonDeployment are routed, beyond what its own fields can say.",
  versions: [POLICY_VERSION],
  status: POLICY_STATUS,
  levels: 0,
  scales: false,
  columns: [
    { name: "Target", type: "string", jsonPath: ".spec.targetRef.name" },
    {
      name: "Accepted",
      type: "string",
      jsonPath: '.status.ancestors[0].conditions[?(@.type=="Accepted")].status',
    },
    AGE,
  ],
});

/** Every CustomResourceDefinition of this project. */
export const CUSTOM_RESOURCE_DEFINITIONS: readonly CustomResourceDefinition[] = [
  SELDON_DEPLOYMENT_CRD,
  ROUTE_POLICY_CRD,
];
