import type { Json, JsonObject } from "../../render/xds/resource.ts";

/**
 * True when the graph of `predictor` calls only containers that the ENGINE_PREDICTOR `startedWith` names too, at the same
 * addresses and with the same images. False when that text is no graph.
 */
export function callsOnlyKnown(predictor: JsonObject, startedWith: string): boolean {
  const before = parse(startedWith);
  if (before === undefined) return false;
  const known = new Set(callsOf(before));
  return callsOf(predictor).every((one) => known.has(one));
}

function parse(text: string): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(Buffer.from(text, "base64").toString()) as Json);
  } catch {
    return undefined;
  }
}

/** Node, image and address of everything that the graph calls. */
function callsOf(predictor: JsonObject): readonly string[] {
  const images = imagesOf(predictor);
  const calls: string[] = [];
  const visit = (node: JsonObject | undefined): void => {
    const endpoint = objectOf(node?.["endpoint"]);
    if (node !== undefined && endpoint !== undefined) {
      const { service_host: host, httpPort, grpcPort } = endpoint;
      const name = text(node["name"]);
      calls.push([name, images.get(name), host, httpPort, grpcPort].map(text).join(" "));
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
