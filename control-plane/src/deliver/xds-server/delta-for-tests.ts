import { versionOf } from "../../render/xds/encode.ts";
import type { EncodedResource } from "../../render/xds/resource.ts";
import { createDeltaSubscription, type DeltaRequest } from "./delta-subscription.ts";
import { SEES_ALL, visibleResources } from "./node-view.ts";
import { createResourceStore } from "./resource-store.ts";
import type { Receipt } from "./subscription.ts";

/** A subscription with a store behind it, in words short enough for tables. */
export function setUp(typeUrl: string, initial: Readonly<Record<string, string>> = {}) {
  const store = createResourceStore();
  const visible = visibleResources(store, SEES_ALL, typeUrl);
  const subscription = createDeltaSubscription(typeUrl, visible);
  store.onChange((changed) => {
    subscription.mark(visible.changed(changed.get(typeUrl) ?? new Set()));
  });
  const resource = (name: string, content: string): EncodedResource => {
    const bytes = Buffer.from(content);
    return { typeUrl, name, bytes, version: versionOf(bytes) };
  };
  const set = (contents: Readonly<Record<string, string>>): void => {
    store.apply({ set: Object.entries(contents).map(([name, text]) => resource(name, text)), remove: [] });
  };
  set(initial);
  let lastNonce = "";
  return {
    subscription,
    set,
    remove: (...names: readonly string[]): void => {
      store.apply({ set: [], remove: names.map((name) => ({ typeUrl, name })) });
    },
    version: (content: string) => versionOf(Buffer.from(content)),
    ask: (request: Partial<DeltaRequest> = {}): Receipt =>
      subscription.receive({
        subscribe: [],
        unsubscribe: [],
        initialVersions: new Map(),
        responseNonce: "",
        errorMessage: undefined,
        ...request,
      }),
    ack: (request: Partial<DeltaRequest> = {}): Receipt =>
      subscription.receive({
        subscribe: [],
        unsubscribe: [],
        initialVersions: new Map(),
        responseNonce: lastNonce,
        errorMessage: undefined,
        ...request,
      }),
    /** `name=content` and `-name` of the next response; undefined when there is none. */
    next: (allowRemovals = true): string | undefined => {
      const response = subscription.next({ allowRemovals });
      if (response === undefined) return undefined;
      lastNonce = response.nonce;
      const sent = response.resources.map(
        ({ name, resource: { bytes } }) => `${name}=${Buffer.from(bytes).toString()}`,
      );
      return [...sent, ...response.removed.map((name) => `-${name}`)].sort().join(" ");
    },
  };
}
