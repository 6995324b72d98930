import { createHash } from "node:crypto";
import type { envoy } from "#proto/gen/discovery.js";
import { METADATA_ENGINE_PREDICTOR, METADATA_ROLE, ROLE_ORCHESTRATOR } from "#proto/vocabulary/orchestrator-node.ts";
import type { Identity } from "../graph/draft.ts";
import { graphOfMessage } from "../graph/from-message.ts";
import { describeProblems, type Graph } from "../graph/graph.ts";

type Request = envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties;
type Response = envoy.service.discovery.v3.DeltaDiscoveryResponse.$Properties;

export const GRAPH_TYPE = "type.googleapis.com/graphway.v1.InferenceGraph";
/** google.rpc.Code INVALID_ARGUMENT. */
const INVALID_ARGUMENT = 3;

/** What to do about a response: the request that acknowledges or refuses it, and the graph to serve, if any. */
export interface Answer {
  readonly request: Request;
  readonly graph?: Graph;
  /** The control plane's version of the graph. */
  readonly version?: string;
  readonly warnings: readonly string[];
}

/** The client's side of one delta subscription to one graph; no I/O. Outlives streams. */
export class GraphState {
  readonly #identity: Identity;
  readonly #resourceName: string;
  readonly #metadata: Readonly<Record<string, { readonly stringValue: string }>>;
  /** Of the graph last accepted. */
  #version: string | undefined;

  /** `enginePredictor` is the variable that the process was started with. */
  constructor(identity: Identity, enginePredictor?: string) {
    this.#identity = identity;
    this.#metadata = {
      [METADATA_ROLE]: { stringValue: ROLE_ORCHESTRATOR },
      ...(enginePredictor === undefined
        ? {}
        : { [METADATA_ENGINE_PREDICTOR]: { stringValue: shortHash(enginePredictor) } }),
    };
    this.#resourceName = `${identity.namespace}/${identity.deployment}/${identity.predictor}`;
  }

  /** The request that opens a stream: who we are, what we want, what we hold. */
  firstRequest(): Request {
    const { namespace, deployment, predictor } = this.#identity;
    return {
      node: {
        id: `orchestrator~${namespace}~${deployment}~${predictor}`,
        cluster: `${namespace}/${deployment}`,
        metadata: { fields: this.#metadata },
        userAgentName: "graphway-orchestrator",
      },
      typeUrl: GRAPH_TYPE,
      resourceNamesSubscribe: [this.#resourceName],
      initialResourceVersions: this.#version === undefined ? {} : { [this.#resourceName]: this.#version },
    };
  }

  receive(response: Response): Answer {
    const ack: Request = { typeUrl: GRAPH_TYPE, responseNonce: response.nonce ?? "" };
    const resource = (response.resources ?? []).find((one) => one.name === this.#resourceName);
    if (resource === undefined) return this.#withoutResource(response, ack);
    const version = resource.version ?? "";
    if (version !== "" && version === this.#version) return { request: ack, warnings: [] };
    const body = resource.resource;
    if (body?.type_url !== GRAPH_TYPE || !body.value) return refuse(ack, `the resource is not a ${GRAPH_TYPE}`);
    const checked = graphOfMessage(body.value, this.#identity);
    if (checked.value === undefined) return refuse(ack, describeProblems(checked.problems));
    this.#version = version;
    return {
      request: ack,
      graph: checked.value,
      version,
      warnings: checked.problems.map((one) => `${one.path}: ${one.message}`),
    };
  }

  /** The graph of an answer could not be taken into service after all: what to say instead of its acknowledgement. */
  withdraw(answer: Answer, message: string): Answer {
    this.#version = undefined;
    return refuse(answer.request, message);
  }

  #withoutResource(response: Response, ack: Request): Answer {
    if (!(response.removedResources ?? []).includes(this.#resourceName)) return { request: ack, warnings: [] };
    this.#version = undefined;
    return { request: ack, warnings: ["the control plane has removed the graph; the last one goes on serving"] };
  }
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function refuse(ack: Request, message: string): Answer {
  const warning = `the control plane's graph is refused, the last good one goes on serving: ${message}`;
  return { request: { ...ack, errorDetail: { code: INVALID_ARGUMENT, message } }, warnings: [warning] };
}
