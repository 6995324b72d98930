import type { EncodedResource } from "../../render/xds/resource.ts";
import { versionOf } from "../../render/xds/encode.ts";
import { absentResource } from "./absent-resource.ts";
import type { VisibleResources } from "./node-view.ts";
import { createRejectedVersions } from "./rejected-versions.ts";
import { rulesOf } from "./resource-types.ts";
import {
  WILDCARD,
  type Receipt,
  type SendingOptions,
  type SentResource,
  type Subscription,
  type SubscriptionRequest,
  type SubscriptionResponse,
} from "./subscription.ts";

/** What a client says of one type in the incremental variant. */
export interface DeltaRequest extends SubscriptionRequest {
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Only in the first request: what the client still has from an earlier stream. */
  readonly initialVersions: ReadonlyMap<string, string>;
}

type Content = Pick<SubscriptionResponse, "resources" | "removed">;

/** A response is cut when it gets larger than this; the rest follows when the client has answered. */
const RESPONSE_SOFT_LIMIT_BYTES = 3 * 1024 * 1024;

/** The incremental variant of one type on one stream. */
export function createDeltaSubscription(typeUrl: string, visible: VisibleResources): Subscription<DeltaRequest> {
  const rules = rulesOf(typeUrl);
  const names = new Set<string>();
  /** Name -> version the client was sent last, or came with. */
  const held = new Map<string, string>();
  /** Names to look at before the next response. */
  const due = new Set<string>();
  /** Names that are answered whatever the client is believed to hold. */
  const owed = new Set<string>();
  const refused = new Set<string>();
  /** Names that were refused in company: each is sent again by itself, so that only the bad one is lost. */
  const suspects = new Set<string>();
  const rejected = createRejectedVersions();
  let wildcard = false;
  let started = false;
  let owesResponse = false;
  let inFlight: SubscriptionResponse | undefined;
  let responses = 0;
  let revision = 0;

  const wants = (name: string): boolean => wildcard || names.has(name);

  /** The client no longer has the name; what it refused of it still counts. */
  function drop(name: string): void {
    for (const memory of [held, due, owed, refused, suspects]) memory.delete(name);
  }

  /** The client gave the name up. When it asks again, by name or by `*`, it gets what there is, refused or not. */
  function forget(name: string): void {
    drop(name);
    rejected.forget(name);
  }

  function ask(name: string): void {
    owed.add(name);
    due.add(name);
  }

  function startWildcard(): void {
    wildcard = true;
    owesResponse = true;
    for (const name of visible.names()) due.add(name);
    for (const name of held.keys()) due.add(name);
  }

  function start({ subscribe, initialVersions }: DeltaRequest): void {
    started = true;
    owesResponse = true;
    for (const [name, version] of initialVersions) held.set(name, version);
    if (subscribe.length === 0 && rules.legacyWildcard) startWildcard();
  }

  function unsubscribe(name: string): void {
    if (name === WILDCARD) {
      wildcard = false;
      for (const one of [...held.keys(), ...due]) if (!names.has(one)) drop(one);
      rejected.forgetUnless(wants);
      return;
    }
    names.delete(name);
    // The client cannot know whether its wildcard still covers the name: tell it.
    if (wildcard) ask(name);
    else forget(name);
  }

  function subscribe(name: string): void {
    if (name === WILDCARD) {
      startWildcard();
      return;
    }
    names.add(name);
    // It may have dropped the resource between unsubscribing and now, so what it is believed to hold does not count.
    ask(name);
    rejected.forget(name);
  }

  /**
   * What came alone is known to be bad. In company it is not known which one is: Envoy takes the good clusters and listeners
   * nevertheless, but of other types it may have taken none, so there each is tried again by itself.
   */
  function refuse(sent: SentResource, inCompany: boolean): void {
    const { name, resource } = sent;
    refused.add(name);
    if (!inCompany) rejected.add(name, resource.version);
    else if (rules.removable) took(sent);
    else {
      suspects.add(name);
      due.add(name);
      held.delete(name);
    }
  }

  /** The client took what it was sent, even if it gave the name up and asked again before it read the response. */
  function took({ name, resource }: SentResource): void {
    if (held.has(name)) return;
    held.set(name, resource.version);
    due.add(name);
  }

  function settle({ responseNonce, errorMessage }: DeltaRequest): Receipt {
    const response = inFlight;
    if (response === undefined || responseNonce !== response.nonce)
      return { kind: responseNonce === "" ? "none" : "stale" };
    inFlight = undefined;
    for (const sent of response.resources) {
      if (errorMessage === undefined) refused.delete(sent.name);
      if (!wants(sent.name)) continue;
      if (errorMessage === undefined) took(sent);
      else refuse(sent, response.resources.length > 1);
    }
    return errorMessage === undefined ? { kind: "ack", response } : { kind: "nack", response, message: errorMessage };
  }

  function toSend(name: string): EncodedResource | undefined {
    const resource = visible.get(name) ?? (owed.has(name) ? absentResource(typeUrl, name) : undefined);
    if (resource === undefined || owed.has(name)) return resource;
    if (held.get(name) === resource.version || rejected.has(name, resource.version)) return undefined;
    return resource;
  }

  const isGone = (name: string): boolean =>
    rules.removable && wants(name) && visible.get(name) === undefined && (held.has(name) || owed.has(name));

  function collect(allowRemovals: boolean): Content {
    for (const name of suspects) {
      suspects.delete(name);
      const alone = collectFrom([name], allowRemovals);
      if (alone.resources.length > 0) return alone;
    }
    return collectFrom(due, allowRemovals);
  }

  function collectFrom(names: Iterable<string>, allowRemovals: boolean): Content {
    const resources: SentResource[] = [];
    const removed: string[] = [];
    let bytes = 0;
    for (const name of names) {
      if (bytes > RESPONSE_SOFT_LIMIT_BYTES) break;
      const resource = wants(name) ? toSend(name) : undefined;
      const gone = isGone(name);
      if (gone && !allowRemovals) continue;
      due.delete(name);
      owed.delete(name);
      if (gone) {
        removed.push(name);
        drop(name);
      } else if (resource !== undefined) {
        resources.push({ name, resource, isNew: !held.has(name) });
        held.set(name, resource.version);
        bytes += resource.bytes.length;
      }
    }
    return { resources, removed };
  }

  return {
    receive(request) {
      const isFirst = !started;
      if (isFirst) start(request);
      const receipt = settle(request);
      if (isFirst || request.subscribe.length > 0 || request.unsubscribe.length > 0) revision += 1;
      request.unsubscribe.forEach(unsubscribe);
      request.subscribe.forEach(subscribe);
      if (isFirst) for (const name of held.keys()) if (!wants(name)) held.delete(name);
      return receipt;
    },
    mark(changed) {
      for (const name of changed) if (wants(name)) due.add(name);
    },
    next({ allowRemovals }: SendingOptions) {
      if (inFlight !== undefined || (due.size === 0 && !owesResponse)) return undefined;
      const { resources, removed } = collect(allowRemovals);
      if (resources.length === 0 && removed.length === 0 && !owesResponse) return undefined;
      owesResponse = false;
      responses += 1;
      const versions = resources.map(({ name, resource }) => `${name} ${resource.version}`).join("\n");
      const versionInfo = versionOf(Buffer.from(versions));
      inFlight = { nonce: String(responses), versionInfo, resources, removed };
      return inFlight;
    },
    get awaitsAnswer() {
      return inFlight !== undefined;
    },
    get isRefusing() {
      return refused.size > 0;
    },
    hasContentDue: () => owesResponse || [...due].some((name) => wants(name) && toSend(name) !== undefined),
    hasRemovalsDue: () => [...due].some(isGone),
    wants,
    hasAnswered(name, version) {
      if (inFlight?.resources.some((one) => one.name === name)) return false;
      return held.get(name) === version || rejected.has(name, version);
    },
    repeat(name) {
      ask(name);
      return true;
    },
    interest: () => ({ wildcard, names, revision }),
  };
}
