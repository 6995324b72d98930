import type { IncomingMessage } from "node:http";
import type { ResourceType } from "../resource-types.ts";
import type { FakeRequest } from "./fake-faults.ts";

/** A request, and which kind it is about; undefined for a kind that nobody knows. */
export interface Routed {
  readonly request: FakeRequest;
  readonly type: ResourceType | undefined;
  readonly contentType: string;
  /** `apps/v1`; `v1` for the core group. */
  readonly groupVersion: string;
}

const PATH =
  /^\/(?:api|apis\/([^/]+))\/([^/]+)(?:\/namespaces\/([^/]+)(?=\/))?(?:\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?)?$/;

export async function readRequest(incoming: IncomingMessage, types: readonly ResourceType[]): Promise<Routed> {
  const url = new URL(incoming.url ?? "/", "http://server");
  const [, group, version = "", namespace = "", plural = "", name = "", subresource] = PATH.exec(url.pathname) ?? [];
  const groupVersion = group === undefined ? version : `${group}/${version}`;
  const type = types.find((one) => one.apiVersion === groupVersion && one.plural === plural);
  const contentType = incoming.headers["content-type"] ?? "";
  const text = await readBody(incoming);
  const isWatch = ["1", "true"].includes(url.searchParams.get("watch") ?? "");
  const request: FakeRequest = {
    verb: verbOf(incoming.method ?? "GET", { plural, name, isWatch, contentType }),
    kind: type?.kind ?? "",
    namespace: decodeURIComponent(namespace),
    name: decodeURIComponent(name),
    subresource,
    query: url.searchParams,
    headers: incoming.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
  return { request, type, contentType, groupVersion };
}

function verbOf(
  method: string,
  { plural, name, isWatch, contentType }: { plural: string; name: string; isWatch: boolean; contentType: string },
): FakeRequest["verb"] {
  switch (method) {
    case "POST":
      return "create";
    case "PUT":
      return "replace";
    case "DELETE":
      return "delete";
    case "PATCH":
      return contentType.startsWith("application/apply-patch") ? "apply" : "patch";
    default:
      if (plural === "") return "discover";
      if (name !== "") return "get";
      return isWatch ? "watch" : "list";
  }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
