import type { Json, JsonObject } from "../../render/xds/resource.ts";

/** Whom a graph calls that pods were not started with: nobody, someone by a Service, or a container in the pod itself. */
export type NewCalls = "none" | "elsewhere" | "local";

/**
 * What the graph of `predictor` calls beyond what the ENGINE_PREDICTOR `startedWith` names, at the same addresses and with
 * the same images; a text that is no graph names nothing.
 */
export function newCalls(predictor: JsonObject, startedWith: string): NewCalls {
  const before = parse(startedWith);
  const known = new Set((before === undefined ? [] : callsOf(before)).map(({ called }) => called));
  const unknown = callsOf(predictor).filter(({ called }) => !known.has(called));
  if (unknown.length === 0) return "none";
  return unknown.some(({ isLocal }) => isLocal) ? "local" : "elsewhere";
}

function parse(text: string): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(Buffer.from(text, "base64").toString()) as Json);
  } catch {
    return undefined;
  }
}

interface Call {
  /** Node, image and address. */
  readonly called: string;
  /** In the orchestrator's own pod. */
  readonly isLocal: boolean;
}

/** Everything that the graph calls. */
function callsOf(predictor: JsonObject): readonly Call[] {
  const images = imagesOf(predictor);
  const calls: Call[] = [];
  const visit = (node: JsonObject | undefined): void => {
    const endpoint = objectOf(node?.["endpoint"]);
    if (node !== undefined && endpoint !== undefined) {
      const { service_host: host, httpPort, grpcPort } = endpoint;
      const name = text(node["name"]);
      const called = [name, images.get(name), host, httpPort, grpcPort].map(text).join(" ");
      calls.push({ called, isLocal: host === "localhost" });
    }
    for (const child of listOf(node?.["children"])) visit(objectOf(child));
  };
  visit(objectOf(predictor["graph"]));
  return calls;
}

function imagesOf(predictor: JsonObject): ReadonlyMap<string, string> {
  const containers = listOf(predictor["componentSpecs"]).flatMap((one) =>
    listOf(objectOf(objectOf(one)?.["spec"])?.["containers"]),
  );
  return new Map(containers.map((one) => [text(objectOf(one)?.["name"]), text(objectOf(one)?.["image"])]));
}

function objectOf(value: Json | undefined): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function text(value: Json | undefined): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
