import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ClusterAccess } from "../cluster-access.ts";
import { createApiClient, type ApiClientOptions, type OpenApiClient } from "../create-api-client.ts";
import type { KubernetesObject } from "../object.ts";
import { RESOURCE, type ResourceType } from "../resource-types.ts";
import { jsonPatch, mergePatch } from "./fake-apply.ts";
import { FaultScript, type Fault, type FakeRequest, type FaultRule } from "./fake-faults.ts";
import { FakeLists } from "./fake-lists.ts";
import { readRequest, type Routed } from "./fake-requests.ts";
import { Refusal, statusObject } from "./fake-status.ts";
import { FakeStore, type Admit } from "./fake-store.ts";
import { eventLine, FakeWatches } from "./fake-watches.ts";

export interface FakeApiServerOptions {
  /** Kinds that it knows. Default: all that the control plane uses. */
  readonly types?: readonly ResourceType[];
  /** Throw a Refusal to refuse a write. */
  readonly admit?: Admit;
  /** The user of a token, for TokenReviews; undefined: none. */
  readonly userOfToken?: (token: string) => string | undefined;
  /** Keep every call in `requests`, bodies and all. Default true. */
  readonly keepsRequests?: boolean;
}

/** A Kubernetes API server for tests of faults: objects in memory, over real HTTP. */
export interface FakeApiServer {
  readonly url: string;
  readonly access: ClusterAccess;
  /** Make, change, delete and read objects behind everyone's back; `compact()` forgets history. */
  readonly objects: FakeStore;
  readonly watches: FakeWatches;
  /** Every call so far. */
  readonly requests: readonly FakeRequest[];
  /** Makes the next calls that fit go wrong. */
  fail(rule: FaultRule): void;
  /** Forgets the faults that have not happened. */
  heal(): void;
  /** From now on the kind is known, or unknown and its objects gone. */
  serve(type: ResourceType): void;
  withdraw(type: ResourceType): void;
  /** A client of it; closed with the server. */
  client(options?: Omit<ApiClientOptions, "access">): OpenApiClient;
  /** Breaks all connections. */
  disconnect(): void;
  stop(): Promise<void>;
}

export { Refusal } from "./fake-status.ts";

export async function startFakeApiServer(options: FakeApiServerOptions = {}): Promise<FakeApiServer> {
  const types = new Map((options.types ?? Object.values(RESOURCE)).map((type) => [pathOf(type), type]));
  const store = new FakeStore(options.admit);
  const watches = new FakeWatches(store);
  const lists = new FakeLists(store);
  const faults = new FaultScript();
  const requests: FakeRequest[] = [];
  const clients: OpenApiClient[] = [];

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const routed = await readRequest(incoming, [...types.values()]);
    if (options.keepsRequests !== false) requests.push(routed.request);
    const fault = faults.take(routed.request);
    if (fault !== undefined && (await failBefore(fault, response))) return;
    if (routed.type !== undefined && routed.request.verb === "watch") {
      openWatch(routed.type, routed.request, fault, response);
      return;
    }
    const [status, body] = perform(routed);
    finish(response, status, body, fault);
  }

  function openWatch(
    type: ResourceType,
    request: FakeRequest,
    fault: Fault | undefined,
    response: ServerResponse,
  ): void {
    watches.open(response, type, request, isThen(fault, "half-open"));
    if (response.writableEnded) return;
    if (isThen(fault, "garbage")) response.write("this is no event\n");
    if (isThen(fault, "cut-off")) response.write('{"type":"MODIFIED","obj', () => response.destroy());
    if (fault !== undefined && "then" in fault && fault.then === "stream-error") {
      response.end(eventLine("ERROR", statusObject(new Refusal(fault.status, "", "scripted"))));
    }
  }

  function perform(routed: Routed): readonly [status: number, body: object] {
    try {
      return dispatch(routed);
    } catch (error) {
      if (error instanceof Refusal) return [error.status, statusObject(error)];
      throw error;
    }
  }

  function dispatch({ request, type, contentType, groupVersion }: Routed): readonly [number, object] {
    const { verb, namespace, name, subresource, query, body } = request;
    if (verb === "discover") return discover(groupVersion);
    if (type === undefined) return [404, { kind: "", message: "404 page not found" }];
    const key = { namespace, name };
    const object = body as KubernetesObject;
    switch (verb) {
      case "get": {
        const found = store.get(type, key);
        if (found === undefined) throw new Refusal(404, "NotFound", `${type.plural} "${name}" not found`);
        return [200, found];
      }
      case "list":
      case "watch":
        return [200, lists.list(type, request)];
      case "create":
        return [201, type.kind === "TokenReview" ? review(object) : store.create(type, object)];
      case "replace":
        return [200, store.replace(type, object, subresource)];
      case "delete": {
        const { preconditions } = (body ?? {}) as { readonly preconditions?: { readonly uid?: string } };
        return [200, store.delete(type, key, preconditions?.uid)];
      }
      case "patch": {
        const isList = contentType === "application/json-patch+json";
        const edit = (before: KubernetesObject): unknown =>
          isList ? jsonPatch(before, body as readonly Readonly<Record<string, unknown>>[]) : mergePatch(before, body);
        return [200, store.change(type, key, edit, subresource)];
      }
      case "apply": {
        const manager = query.get("fieldManager");
        if (manager === null) throw new Refusal(400, "BadRequest", "fieldManager is required for apply patch");
        const { object: applied, created } = store.apply(type, key, object, {
          manager,
          force: query.get("force") === "true",
          dryRun: query.get("dryRun") === "All",
          ...(subresource === undefined ? {} : { subresource }),
        });
        return [created ? 201 : 200, applied];
      }
    }
  }

  function discover(groupVersion: string): readonly [number, object] {
    const resources = [...types.values()].filter(({ apiVersion }) => apiVersion === groupVersion);
    if (resources.length === 0) throw new Refusal(404, "NotFound", "the server could not find the requested resource");
    return [
      200,
      {
        kind: "APIResourceList",
        groupVersion,
        resources: resources.map(({ plural, kind, namespaced }) => ({ name: plural, kind, namespaced })),
      },
    ];
  }

  function review(object: KubernetesObject): KubernetesObject {
    const { token = "" } = (object["spec"] ?? {}) as { readonly token?: string };
    const username = options.userOfToken?.(token);
    const status = username === undefined ? { authenticated: false } : { authenticated: true, user: { username } };
    return { ...object, status };
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((error: unknown) => {
      if (!response.headersSent) finish(response, 500, statusObject(new Refusal(500, "InternalError", String(error))));
      else response.destroy();
    });
  });
  server.keepAliveTimeout = 0; // closes no connection on which a request may be on its way
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const access: ClusterAccess = { server: url, credentials: () => Promise.resolve({ headers: {}, tls: {} }) };

  return {
    url,
    access,
    objects: store,
    watches,
    requests,
    fail: (rule) => {
      faults.add(rule);
    },
    heal: () => {
      faults.clear();
    },
    serve: (type) => {
      types.set(pathOf(type), type);
    },
    withdraw: (type) => {
      for (const { metadata } of store.list(type)) {
        store.delete(type, { namespace: metadata.namespace ?? "", name: metadata.name });
      }
      types.delete(pathOf(type));
      watches.end();
    },
    client: (clientOptions = {}) => {
      const client = createApiClient({ ...clientOptions, access });
      clients.push(client);
      return client;
    },
    disconnect: () => {
      server.closeAllConnections();
    },
    stop: async () => {
      await Promise.all(clients.map((client) => client.close()));
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** True: there is nothing more to do. */
async function failBefore(fault: Fault, response: ServerResponse): Promise<boolean> {
  if (!("then" in fault)) {
    const { status, reason = "", message = "scripted", retryAfterSeconds } = fault;
    if (retryAfterSeconds !== undefined) response.setHeader("retry-after", String(retryAfterSeconds));
    finish(response, status, statusObject(new Refusal(status, reason, message, [], retryAfterSeconds)));
    return true;
  }
  if (fault.then === "slow") await new Promise((resume) => setTimeout(resume, fault.delayMs));
  if (fault.then === "reset") response.destroy();
  return fault.then === "reset" || fault.then === "hang";
}

function finish(response: ServerResponse, status: number, body: object, fault?: Fault): void {
  if (isThen(fault, "lose-answer")) {
    response.destroy();
    return;
  }
  const text = isThen(fault, "garbage") ? "<html>not JSON</html>" : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  if (isThen(fault, "cut-off")) response.write(text.slice(0, text.length / 2), () => response.destroy());
  else response.end(text);
}

function isThen(fault: Fault | undefined, then: string): boolean {
  return fault !== undefined && "then" in fault && fault.then === then;
}

function pathOf(type: ResourceType): string {
  return `${type.apiVersion}/${type.plural}`;
}
