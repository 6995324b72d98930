import { isJsonObject, type Json, type JsonObject } from "#proto/json/json.ts";
import type { Answer, Component } from "./component.ts";
import { BadData, readTable, type Table, writeTable } from "./payload.ts";

/** The methods of Seldon's node protocol, over messages in their JSON form. */
export type MethodName = "predict" | "transformInput" | "transformOutput" | "route" | "aggregate" | "sendFeedback";
export type NodeMethods = Readonly<Record<MethodName, (request: Json) => JsonObject>>;

/** Who answers: the node's name in the graph and its image, both named in each answer's requestPath. */
export interface NodeIdentity {
  readonly name: string;
  readonly image: string;
}

function objectAt(json: Json | undefined, key: string): JsonObject {
  const value = isJsonObject(json) ? json[key] : undefined;
  return isJsonObject(value) ? value : {};
}

/** Metadata of an answer: the requests' puid, tags, path and metrics, and the node's own on top. */
function makeMeta(
  requests: readonly Json[],
  component: Component,
  identity: NodeIdentity,
  rowCount: number,
): JsonObject {
  const metas = requests.map((request) => objectAt(request, "meta"));
  const puid = metas.map((meta) => meta["puid"]).find((one) => typeof one === "string" && one !== "");
  const merge = (key: string): JsonObject =>
    Object.assign({}, ...metas.map((meta) => objectAt(meta, key))) as JsonObject;
  const metrics = metas.flatMap((meta) => (Array.isArray(meta["metrics"]) ? (meta["metrics"] as readonly Json[]) : []));
  return {
    ...(puid === undefined ? {} : { puid }),
    tags: { ...merge("tags"), ...component.tags() },
    requestPath: { ...merge("requestPath"), [identity.name]: identity.image },
    metrics: [...metrics, { key: "iris_rows_total", type: "COUNTER", value: rowCount }],
  };
}

function requireMethod<T>(method: T | undefined, name: MethodName, identity: NodeIdentity): T {
  if (method === undefined) throw new BadData(`${identity.name} has no method ${name}`);
  return method;
}

function readBranch(feedback: Json, name: string): number {
  const routing = objectAt(objectAt(objectAt(feedback, "response"), "meta"), "routing");
  const branch = routing[name];
  return typeof branch === "number" ? branch : -1;
}

/** The node protocol of one component. The methods throw BadData. */
export function makeMethods(component: Component, identity: NodeIdentity): NodeMethods {
  const answer = (requests: readonly Json[], { rows, names }: Answer, form: Table["form"]): JsonObject => ({
    data: writeTable({ rows, form }, names),
    meta: makeMeta(requests, component, identity, rows.length),
  });
  const mapTable = (name: "predict" | "transformInput") => (request: Json) => {
    const table = readTable(request);
    return answer([request], requireMethod(component[name], name, identity)(table.rows), table.form);
  };
  return {
    predict: mapTable("predict"),
    transformInput: mapTable("transformInput"),
    transformOutput: () => {
      throw new BadData(`${identity.name} has no method transformOutput`);
    },
    route: (request) => {
      const branch = requireMethod(component.route, "route", identity)(readTable(request).rows);
      return answer([request], { rows: [[branch]], names: [] }, "ndarray");
    },
    aggregate: (list) => {
      const requests = isJsonObject(list) ? list["seldonMessages"] : list;
      if (!Array.isArray(requests)) throw new BadData("aggregate takes an array of messages");
      const tables = requests.map((request: Json) => readTable(request));
      const combine = requireMethod(component.aggregate, "aggregate", identity);
      return answer(requests as readonly Json[], combine(tables.map(({ rows }) => rows)), tables[0]?.form ?? "ndarray");
    },
    sendFeedback: (feedback) => {
      const reward = isJsonObject(feedback) ? feedback["reward"] : undefined;
      component.learn?.(readBranch(feedback, identity.name), typeof reward === "number" ? reward : 0);
      return { meta: { tags: component.tags() } };
    },
  };
}

/** Seldon's metadata of a node. */
export function describeNode(identity: NodeIdentity): JsonObject {
  return { name: identity.name, versions: ["1"], platform: "node", inputs: [], outputs: [] };
}
