import type { DraftEndpoint, DraftGraph, DraftLogger, DraftNode, Identity, LocalSettings } from "./draft.ts";
import { MAX_DEPTH, NO_SETTINGS } from "./draft.ts";
import type { Builtin, GraphProblem, NodeMethod, NodeParameter, NodeType, Transport } from "./graph.ts";

const TYPES: ReadonlySet<NodeType> = new Set<NodeType>([
  "MODEL",
  "ROUTER",
  "COMBINER",
  "TRANSFORMER",
  "OUTPUT_TRANSFORMER",
]);
const METHODS: ReadonlySet<NodeMethod> = new Set<NodeMethod>([
  "TRANSFORM_INPUT",
  "TRANSFORM_OUTPUT",
  "ROUTE",
  "AGGREGATE",
  "SEND_FEEDBACK",
]);
const BUILTINS: ReadonlySet<string> = new Set<Builtin>([
  "SIMPLE_MODEL",
  "SIMPLE_ROUTER",
  "RANDOM_ABTEST",
  "AVERAGE_COMBINER",
]);

const TRANSPORTS: ReadonlyMap<string, Transport> = new Map([
  ["REST", "rest"],
  ["GRPC", "grpc"],
]);

type Fields = Readonly<Record<string, unknown>>;

/** Reads Seldon's PredictorSpec (as ENGINE_PREDICTOR and files hold it). Unknown enum values are problems. */
export function draftOfPredictor(
  spec: unknown,
  identity: Identity,
  { protocol, mergesMeta }: LocalSettings,
): { readonly value: DraftGraph; readonly problems: readonly GraphProblem[] } {
  const problems: GraphProblem[] = [];
  const predictor = fieldsOf(spec);
  const images = imagesOf(predictor);
  const root =
    predictor["graph"] === undefined ? undefined : readNode(predictor["graph"], "graph", 1, { problems, images });
  const versionIn = (field: string): string => textOf(fieldsOf(predictor[field])["version"]);
  return {
    value: {
      ...identity,
      // The label, as Seldon documents it; its executor reads the annotation.
      predictorVersion: versionIn("labels") || versionIn("annotations"),
      protocol,
      root,
      allowBranches: false,
      allowExplain: false,
      settings: { ...NO_SETTINGS, mergesMeta },
    },
    problems,
  };
}

interface Reading {
  readonly problems: GraphProblem[];
  readonly images: ReadonlyMap<string, string>;
}

function readNode(raw: unknown, path: string, depth: number, reading: Reading): DraftNode {
  const node = fieldsOf(raw);
  const name = textOf(node["name"]);
  const read = { path, reading };
  const implementation = textOf(node["implementation"]);
  const builtin = BUILTINS.has(implementation) ? (implementation as Builtin) : undefined;
  const isPrepackaged = builtin === undefined && implementation !== "" && implementation !== "UNKNOWN_IMPLEMENTATION";
  const type = isPrepackaged ? "MODEL" : readEnum(node["type"], "type", TYPES, read);
  const children = depth > MAX_DEPTH ? [] : listOf(node["children"]);
  return {
    name,
    type,
    builtin,
    methods: listOf(node["methods"]).flatMap((one) => readEnum(one, "methods", METHODS, read) ?? []),
    endpoint: readEndpoint(node["endpoint"], read),
    parameters: listOf(node["parameters"]).map(readParameter),
    image: reading.images.get(name) ?? "",
    logger: readLogger(node["logger"]),
    children: children.map((child, i) => readNode(child, `${path}.children[${i}]`, depth + 1, reading)),
  };
}

interface Place {
  readonly path: string;
  readonly reading: Reading;
}

/** Absent and UNKNOWN_TYPE give none; anything else unknown is a problem. */
function readEnum<T extends string>(raw: unknown, field: string, known: ReadonlySet<T>, place: Place): T | undefined {
  const text = textOf(raw);
  if (known.has(text as T)) return text as T;
  if (text !== "" && text !== "UNKNOWN_TYPE") {
    const message = `${field} "${text}" is not one of ${[...known].join(", ")}`;
    place.reading.problems.push({ severity: "error", path: place.path, message });
  }
  return undefined;
}

function readEndpoint(raw: unknown, place: Place): DraftEndpoint | undefined {
  if (raw === undefined || raw === null) return undefined;
  const endpoint = fieldsOf(raw);
  const servicePort = numberOf(endpoint["service_port"]);
  const httpPort = numberOf(endpoint["httpPort"]);
  const grpcPort = numberOf(endpoint["grpcPort"]);
  const named = readTransport(textOf(endpoint["type"]), place);
  return {
    host: textOf(endpoint["service_host"]),
    // Before Seldon 1.3 an endpoint had one port only, which its type tells of.
    httpPort: httpPort || (named === "rest" || (named === undefined && grpcPort === 0) ? servicePort : 0),
    grpcPort: grpcPort || (named === "grpc" ? servicePort : 0),
    servicePort,
    transport: named,
  };
}

/** Seldon's executor never looks at it: what it would not have minded ends nothing. */
function readTransport(text: string, { path, reading }: Place): Transport | undefined {
  const known = TRANSPORTS.get(text.toUpperCase());
  if (known === undefined && text !== "") {
    const message = `endpoint.type "${text}" is neither REST nor GRPC; the node is called as the client calls the graph`;
    reading.problems.push({ severity: "warning", path, message });
  }
  return known;
}

function readLogger(raw: unknown): DraftLogger | undefined {
  if (raw === undefined || raw === null) return undefined;
  const logger = fieldsOf(raw);
  return { mode: textOf(logger["mode"]), url: textOf(logger["url"]) };
}

function readParameter(raw: unknown): NodeParameter {
  const parameter = fieldsOf(raw);
  return {
    name: textOf(parameter["name"]),
    value: textOf(parameter["value"]),
    type: textOf(parameter["type"]) || "STRING",
  };
}

/** Container name -> image, over all pods of the predictor. */
function imagesOf(predictor: Fields): ReadonlyMap<string, string> {
  const images = new Map<string, string>();
  for (const pod of listOf(predictor["componentSpecs"])) {
    for (const raw of listOf(fieldsOf(fieldsOf(pod)["spec"])["containers"])) {
      const container = fieldsOf(raw);
      images.set(textOf(container["name"]), textOf(container["image"]));
    }
  }
  return images;
}

/** The fields of a JSON object; none for anything else. */
export function fieldsOf(raw: unknown): Fields {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw) ? (raw as Fields) : {};
}

/** The elements of a JSON array; none for anything else. */
export function listOf(raw: unknown): readonly unknown[] {
  return Array.isArray(raw) ? (raw as readonly unknown[]) : [];
}

/** A scalar as text; "" for anything else. */
export function textOf(raw: unknown): string {
  return typeof raw === "string" ? raw : typeof raw === "number" || typeof raw === "boolean" ? String(raw) : "";
}

function numberOf(raw: unknown): number {
  return typeof raw === "number" ? raw : raw === undefined || raw === null || raw === "" ? 0 : Number(textOf(raw));
}
