import type { EncodedResource } from "../../render/xds/resource.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { endpointsAwaitedBy } from "./cluster-endpoints.ts";
import { visibleResources, type NodeView, type VisibleResources } from "./node-view.ts";
import type { ChangedNames, ResourceKey, ResourceStore } from "./resource-store.ts";
import { namesClusters, sendingRank } from "./resource-types.ts";
import type { Interest, Receipt, Subscription, SubscriptionRequest, SubscriptionResponse } from "./subscription.ts";

/** A client asked for more than one stream may. */
export class StreamLimitError extends Error {}

/** How the subscriptions of a variant are made. */
export type SubscriptionFactory<Request extends SubscriptionRequest> = (
  typeUrl: string,
  visible: VisibleResources,
) => Subscription<Request>;

export interface ClientStreamOptions<Request extends SubscriptionRequest> {
  readonly store: ResourceStore;
  readonly view: NodeView;
  readonly subscribe: SubscriptionFactory<Request>;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Routes wait this long at most for the client to take in new clusters and their endpoints. */
  readonly newClusterWaitMs: number;
}

/** What goes out next. */
export interface DueResponse {
  readonly typeUrl: string;
  readonly response: SubscriptionResponse;
}

/** All types of one stream, and the order in which they go out. Knows nothing of sockets. */
export interface ClientStream<Request extends SubscriptionRequest> {
  /** Throws StreamLimitError. */
  receive(typeUrl: string, request: Request): Receipt;
  changed(changed: ChangedNames): void;
  /** The next response; undefined when nothing may go out before something comes in or `wakeAtMs` has come. */
  next(): DueResponse | undefined;
  /** When routes stop waiting for new clusters; undefined when they do not wait. */
  wakeAtMs(): number | undefined;
  /** True when the client has accepted or refused what it sees of the resource, or does not want it; a cluster's endpoints too. */
  hasAnswered(resource: ResourceKey): boolean;
  interest(typeUrl: string): Interest | undefined;
}

/** Far above what an Envoy or an orchestrator asks for, small enough that a stream cannot fill the memory. */
const MAX_TYPES = 16;
const MAX_NAMES_PER_TYPE = 100_000;

export function createClientStream<Request extends SubscriptionRequest>(
  options: ClientStreamOptions<Request>,
): ClientStream<Request> {
  const { store, view, nowMs, newClusterWaitMs } = options;
  const types = new Map<string, { readonly visible: VisibleResources; readonly subscription: Subscription<Request> }>();
  let ordered: readonly string[] = [];
  /** New clusters the client was sent and has not answered, and endpoints they wait for before they take traffic. */
  const newClusters = new Set<string>();
  const awaitedEndpoints = new Set<string>();
  let waitsSinceMs: number | undefined;

  function open(typeUrl: string): Subscription<Request> {
    const known = types.get(typeUrl);
    if (known !== undefined) return known.subscription;
    if (types.size >= MAX_TYPES) throw new StreamLimitError(`more than ${MAX_TYPES} resource types on one stream`);
    const visible = visibleResources(store, view, typeUrl);
    const subscription = options.subscribe(typeUrl, visible);
    types.set(typeUrl, { visible, subscription });
    ordered = [...types.keys()].sort((a, b) => sendingRank(a) - sendingRank(b));
    return subscription;
  }

  const endpoints = (): Subscription<Request> | undefined => types.get(TYPE.endpoints)?.subscription;

  function settle(typeUrl: string, { response }: Exclude<Receipt, { kind: "none" | "stale" }>, refused: boolean): void {
    if (typeUrl === TYPE.endpoints) for (const { name } of response.resources) awaitedEndpoints.delete(name);
    if (typeUrl !== TYPE.cluster) return;
    newClusters.clear();
    if (refused)
      for (const { resource } of response.resources) awaitedEndpoints.delete(endpointsAwaitedBy(resource) ?? "");
  }

  /**
   * Notes what clusters the client must take in before anything may name them. One that changed warms anew, and one may take over
   * the endpoints of another: Envoy's delta client does not ask for endpoints that it has, so they are sent again.
   */
  function noteClusters({ resources, removed }: SubscriptionResponse): void {
    for (const { name, resource, isNew } of resources) {
      if (isNew) newClusters.add(name);
      const awaited = endpointsAwaitedBy(resource);
      if (awaited === undefined) continue;
      const comes = endpoints()?.wants(awaited) === true ? endpoints()?.repeat(awaited) : isNew;
      if (comes === true) awaitedEndpoints.add(awaited);
    }
    for (const name of removed) awaitedEndpoints.delete(name);
  }

  function isWarming(cluster: EncodedResource | undefined): boolean {
    if (cluster?.typeUrl !== TYPE.cluster || awaitedEndpoints.size === 0) return false;
    return awaitedEndpoints.has(endpointsAwaitedBy(cluster) ?? "");
  }

  /** Routes must not name a cluster the client is still taking in; but they do not wait for ever. */
  function mustWaitForClusters(): boolean {
    if (newClusters.size === 0 && awaitedEndpoints.size === 0) {
      waitsSinceMs = undefined;
      return false;
    }
    waitsSinceMs ??= nowMs();
    if (nowMs() - waitsSinceMs < newClusterWaitMs) return true;
    newClusters.clear();
    awaitedEndpoints.clear();
    waitsSinceMs = undefined;
    return false;
  }

  /** A cluster may go when the client has accepted routes, listeners and filters that no longer name it. */
  function mayRemoveClusters(): boolean {
    return ordered.filter(namesClusters).every((typeUrl) => {
      const subscription = types.get(typeUrl)?.subscription;
      return (
        subscription === undefined ||
        !(subscription.awaitsAnswer || subscription.isRefusing || subscription.hasContentDue())
      );
    });
  }

  function nextOf(typeUrl: string): SubscriptionResponse | undefined {
    const subscription = types.get(typeUrl)?.subscription;
    if (subscription === undefined || subscription.awaitsAnswer) return undefined;
    if (namesClusters(typeUrl) && mustWaitForClusters()) return undefined;
    const removing = typeUrl !== TYPE.cluster || (subscription.hasRemovalsDue() && mayRemoveClusters());
    return subscription.next({ allowRemovals: removing });
  }

  return {
    receive(typeUrl, request) {
      const subscription = open(typeUrl);
      const receipt = subscription.receive(request);
      if (subscription.interest().names.size > MAX_NAMES_PER_TYPE)
        throw new StreamLimitError(`more than ${MAX_NAMES_PER_TYPE} resource names of one type`);
      if (receipt.kind === "ack" || receipt.kind === "nack") settle(typeUrl, receipt, receipt.kind === "nack");
      return receipt;
    },
    changed(changed) {
      for (const [typeUrl, storedNames] of changed) {
        const type = types.get(typeUrl);
        type?.subscription.mark(type.visible.changed(storedNames));
      }
    },
    next() {
      for (const typeUrl of ordered) {
        const response = nextOf(typeUrl);
        if (response === undefined) continue;
        if (typeUrl === TYPE.cluster) noteClusters(response);
        return { typeUrl, response };
      }
      return undefined;
    },
    wakeAtMs: () => (waitsSinceMs === undefined ? undefined : waitsSinceMs + newClusterWaitMs),
    hasAnswered({ typeUrl, name }) {
      const type = types.get(typeUrl);
      if (typeUrl === TYPE.endpoints && awaitedEndpoints.has(name)) return false;
      if (type === undefined) return true;
      const { visible, subscription } = type;
      return visible.changed(new Set([name])).every((wireName) => {
        const resource: EncodedResource | undefined = visible.get(wireName);
        if (isWarming(resource)) return false;
        return (
          !subscription.wants(wireName) ||
          resource === undefined ||
          subscription.hasAnswered(wireName, resource.version)
        );
      });
    },
    interest: (typeUrl) => types.get(typeUrl)?.subscription.interest(),
  };
}
