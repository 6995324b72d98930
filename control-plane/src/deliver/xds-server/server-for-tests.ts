import assert from "node:assert/strict";
import { afterEach } from "node:test";
import { versionOf } from "../../render/xds/encode.ts";
import type { EncodedResource } from "../../render/xds/resource.ts";
import { openStream, type TestStream } from "./client-for-tests.ts";
import type { XdsEvent } from "./events.ts";
import { createResourceStore, type ResourceStore } from "./resource-store.ts";
import { startXdsServer, type XdsServer, type XdsServerOptions } from "./server.ts";
import { XDS_METHODS, type XdsMethod } from "./services.ts";

/** A server with a store of its own. */
export interface Served {
  readonly store: ResourceStore;
  /** What the server was told, the newest last. */
  readonly events: readonly XdsEvent[];
  readonly server: XdsServer;
  readonly open: (method: XdsMethod) => TestStream;
  readonly set: (...resources: readonly EncodedResource[]) => void;
}

/** Servers for the tests of a file; each ends with the test that started it. */
export interface Servers {
  readonly serve: (options?: Partial<XdsServerOptions>) => Promise<Served>;
  /** Done after the test, the last first. */
  readonly onEnd: (step: () => Promise<void> | void) => void;
}

export function useServers(): Servers {
  const undo: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  async function serve(options: Partial<XdsServerOptions> = {}): Promise<Served> {
    const store = createResourceStore();
    const events: XdsEvent[] = [];
    const onEvent = (event: XdsEvent): void => void events.push(event);
    const server = await startXdsServer({ address: "127.0.0.1:0", store, onEvent, ...options });
    undo.push(() => server.close());
    const open = (method: XdsMethod): TestStream => {
      const stream = openStream(server.address, method);
      undo.push(() => {
        stream.close();
      });
      return stream;
    };
    const set = (...resources: readonly EncodedResource[]): void => {
      store.apply({ set: resources, remove: [] });
    };
    return { store, events, server, open, set };
  }

  return { serve, onEnd: (step) => void undo.push(step) };
}

/** A resource whose bytes are a text. */
export function resource(typeUrl: string, name: string, text: string): EncodedResource {
  const bytes = Buffer.from(text);
  return { typeUrl, name, bytes, version: versionOf(bytes) };
}

export function methodNamed(name: string): XdsMethod {
  const found = XDS_METHODS.find(({ method }) => method === name);
  assert.ok(found);
  return found;
}

export const DELTA_ADS = methodNamed("DeltaAggregatedResources");
/** Who the client of a test is. */
export const node = { id: "gateway~1", cluster: "graphway" };
