import { versionOf } from "../../render/xds/encode.ts";
import type { EncodedResource } from "../../render/xds/resource.ts";
import { absentResource } from "./absent-resource.ts";
import type { VisibleResources } from "./node-view.ts";
import { createRejectedVersions } from "./rejected-versions.ts";
import { rulesOf } from "./resource-types.ts";
import {
  WILDCARD,
  type Receipt,
  type SentResource,
  type Subscription,
  type SubscriptionRequest,
  type SubscriptionResponse,
} from "./subscription.ts";

/** What a client says of one type in the state-of-the-world variant. */
export interface SotwRequest extends SubscriptionRequest {
  /** Everything the client asks for, not only what is new. */
  readonly names: readonly string[];
}

/** Key of the whole response in the memory of what was refused. */
const WHOLE = "";

/**
 * The state-of-the-world variant of one type on one stream. A response always holds everything that was asked for: a part
 * would be taken for a removal of the rest by some of Envoy's clients.
 */
export function createSotwSubscription(typeUrl: string, visible: VisibleResources): Subscription<SotwRequest> {
  const rules = rulesOf(typeUrl);
  let names: ReadonlySet<string> = new Set();
  let wildcard = false;
  let everNamed = false;
  let started = false;
  let owesResponse = false;
  let changed = false;
  /** What the client was sent last, and what it accepted last. */
  let held: ReadonlyMap<string, EncodedResource> = new Map();
  let accepted: ReadonlyMap<string, EncodedResource> = new Map();
  let lastVersion = "";
  let lastNonce = "";
  let refusing = false;
  let inFlight: SubscriptionResponse | undefined;
  let responses = 0;
  let revision = 0;
  const rejected = createRejectedVersions();

  const wants = (name: string): boolean => wildcard || names.has(name);

  function settle(errorMessage: string | undefined): Receipt {
    const response = inFlight;
    if (response === undefined) return { kind: "none" };
    inFlight = undefined;
    refusing = errorMessage !== undefined;
    if (errorMessage === undefined) {
      accepted = held;
      return { kind: "ack", response };
    }
    rejected.add(WHOLE, response.versionInfo);
    return { kind: "nack", response, message: errorMessage };
  }

  /** Takes over the list of names; true when there is something new in it. */
  function takeNames(list: readonly string[]): boolean {
    const isLegacy = list.length === 0 && rules.legacyWildcard && !everNamed;
    const nowWildcard = isLegacy || list.includes(WILDCARD);
    const next = new Set(list.filter((name) => name !== WILDCARD));
    const widened = (nowWildcard && !wildcard) || [...next].some((name) => !names.has(name));
    if (!started || widened || nowWildcard !== wildcard || next.size !== names.size) revision += 1;
    if (list.length > 0) everNamed = true;
    wildcard = nowWildcard;
    names = next;
    held = new Map([...held].filter(([name]) => wants(name)));
    accepted = new Map([...accepted].filter(([name]) => wants(name)));
    return widened;
  }

  function present(name: string): EncodedResource | undefined {
    const found = visible.get(name);
    if (found !== undefined || rules.removable) return found;
    return accepted.get(name) ?? absentResource(typeUrl, name);
  }

  function collect(): Map<string, EncodedResource> {
    const all = new Map<string, EncodedResource>();
    const list = wildcard ? new Set([...names, ...visible.names()]) : names;
    for (const name of [...list].sort()) {
      const resource = present(name);
      if (resource !== undefined) all.set(name, resource);
    }
    return all;
  }

  const gone = (): [string, EncodedResource][] =>
    rules.removable ? [...held].filter(([name]) => wants(name) && visible.get(name) === undefined) : [];

  const isNews = (version: string): boolean => version !== lastVersion && !rejected.has(WHOLE, version);

  function due(allowRemovals: boolean): { content: Map<string, EncodedResource>; version: string } | undefined {
    const content = collect();
    if (!allowRemovals) for (const [name, resource] of gone()) content.set(name, resource);
    if (content.size === 0 && !rules.removable) return undefined;
    const version = versionOfAll(content);
    return owesResponse || isNews(version) ? { content, version } : undefined;
  }

  return {
    receive({ names: list, responseNonce, errorMessage }) {
      if (started && responseNonce !== "" && responseNonce !== lastNonce) return { kind: "stale" };
      const answersLast = started && responseNonce !== "" && inFlight !== undefined;
      const receipt = answersLast ? settle(errorMessage) : ({ kind: "none" } as const);
      const widened = takeNames(list);
      // The nonce of a response that was answered before: the client is not answering but asking again, as Envoy does
      // for the endpoints of a cluster that warms anew.
      const asksAgain = !answersLast && errorMessage === undefined;
      if (!started || widened || asksAgain) {
        changed = true;
        owesResponse = true;
      }
      // A shorter list is not answered, except with a refusal: without the names that went, the rest is other content.
      if (receipt.kind === "nack") changed = true;
      started = true;
      return receipt;
    },
    mark(marked) {
      for (const name of marked) if (wants(name)) changed = true;
    },
    next({ allowRemovals }) {
      if (inFlight !== undefined || !changed) return undefined;
      changed = !allowRemovals && gone().length > 0;
      const next = due(allowRemovals);
      if (next === undefined) return undefined;
      owesResponse = false;
      responses += 1;
      lastNonce = String(responses);
      lastVersion = next.version;
      const before = held;
      held = next.content;
      const resources: SentResource[] = [...held].map(([name, resource]) => ({
        name,
        resource,
        isNew: !before.has(name),
      }));
      inFlight = { nonce: lastNonce, versionInfo: lastVersion, resources, removed: [] };
      return inFlight;
    },
    get awaitsAnswer() {
      return inFlight !== undefined;
    },
    get isRefusing() {
      return refusing;
    },
    hasContentDue: () => changed && due(false) !== undefined,
    hasRemovalsDue: () => changed && gone().length > 0,
    wants,
    hasAnswered: (name, version) => inFlight === undefined && held.get(name)?.version === version,
    repeat: () => false,
    interest: () => ({ wildcard, names, revision }),
  };
}

function versionOfAll(content: ReadonlyMap<string, EncodedResource>): string {
  return versionOf(Buffer.from([...content].map(([name, { version }]) => `${name} ${version}`).join("\n")));
}
