import { openDeltaStream, type DeltaStreamOptions, type DeltaUpdate } from "../../deliver/xds-client/delta-stream.ts";
import { readLastGood, writeLastGood } from "../../deliver/xds-client/last-good.ts";
import type { NamedVersion, XdsEvent } from "../../deliver/xds-server/events.ts";
import { refusedAmong } from "../../deliver/xds-server/refused-names.ts";
import { rulesOf } from "../../deliver/xds-server/resource-types.ts";
import { createResourceStore } from "../../deliver/xds-server/resource-store.ts";
import { startXdsServer } from "../../deliver/xds-server/server.ts";
import type { EncodedResource } from "../../render/xds/resource.ts";
import { TYPE } from "../../render/xds/type-urls.ts";

export interface RelayOptions {
  /** The control plane. */
  readonly upstream: Pick<DeltaStreamOptions, "address" | "credentials" | "node" | "token">;
  /** Unix socket that Envoy fetches everything from. */
  readonly socket: string;
  /** File of what Envoy accepted last. */
  readonly lastGoodFile: string;
  /** How soon after a change it is written. Default 1000. */
  readonly saveAfterMs?: number;
  /** Longest wait for Envoy's answer before the control plane is told yes. Default 5000. */
  readonly answerTimeoutMs?: number;
  readonly onEvent?: (event: RelayEvent) => void;
}

/** What people want to know of a relay. */
export type RelayEvent =
  | { readonly kind: "connected" }
  | { readonly kind: "disconnected"; readonly reason: string }
  | { readonly kind: "resumed"; readonly resources: number }
  | { readonly kind: "refused"; readonly typeUrl: string; readonly reason: string }
  | { readonly kind: "fault"; readonly doing: string; readonly error: unknown };

export interface Relay {
  readonly isConnected: () => boolean;
  /** Whether Envoy is told anything: there is a last good configuration, or the control plane has told all of the first. */
  readonly isServing: () => boolean;
  /** Resources that Envoy has. */
  readonly resources: () => number;
  close(): Promise<void>;
}

const RELAYED: readonly string[] = [
  TYPE.cluster,
  TYPE.endpoints,
  TYPE.listener,
  TYPE.routeConfiguration,
  TYPE.filterConfig,
  TYPE.secret,
];

/**
 * Stands between one Envoy and the control plane, both by delta ADS. Envoy's answers are the control plane's. What Envoy
 * accepted last is kept in a file, so that an Envoy that starts anew serves while the control plane is away; of what it
 * refuses the version before stays.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { upstream, lastGoodFile, answerTimeoutMs = 5000, onEvent } = options;
  const store = createResourceStore();
  /** What Envoy has, as far as it is known, by type and name. */
  const good = new Map<string, EncodedResource>();
  /** The version that Envoy refused last, and why, by type and name. */
  const refusals = new Map<string, { readonly version: string; readonly reason: string }>();
  /** The version that Envoy accepted last, and what it had before a version that it did not answer yet, by type and name. */
  const confirmed = new Map<string, string>();
  const previous = new Map<string, EncodedResource>();
  const told = new Set<string>();
  const opened = Promise.withResolvers<undefined>();
  let isServing = false;
  let isConnected = false;
  let isKnownAway = false;

  const fault = (doing: string) => (error: unknown) => {
    onEvent?.({ kind: "fault", doing, error });
  };
  const saver = createSaver(
    () => writeLastGood(lastGoodFile, [...good.values()]),
    options.saveAfterMs ?? 1000,
    fault("writing the last good configuration"),
  );
  const open = (): void => {
    isServing = true;
    opened.resolve(undefined);
  };

  await resume();
  const server = await startXdsServer({
    address: `unix:${options.socket}`,
    store,
    ready: opened.promise,
    onEvent: noteAnswers,
    onError: fault("serving Envoy"),
  });
  const stream = openDeltaStream({
    ...upstream,
    typeUrls: RELAYED,
    held: (typeUrl) => {
      if (typeUrl === TYPE.endpoints) dropStrayEndpoints();
      const ofType = [...good.values()].filter((one) => one.typeUrl === typeUrl);
      return new Map(ofType.map(({ name, version }) => [name, version]));
    },
    take,
    onConnection: (connected, reason = "") => {
      const isNews = connected || isConnected || !isKnownAway;
      isConnected = connected;
      isKnownAway = !connected;
      if (isNews) onEvent?.(connected ? { kind: "connected" } : { kind: "disconnected", reason });
    },
  });

  /** Goes on where the last one was. */
  async function resume(): Promise<void> {
    try {
      const resources = await readLastGood(lastGoodFile);
      for (const one of resources) good.set(keyOf(one), one);
      store.apply({ set: resources, remove: [] });
      if (resources.length === 0) return;
      onEvent?.({ kind: "resumed", resources: resources.length });
      open();
    } catch (error) {
      fault("reading the last good configuration")(error);
    }
  }

  async function take({ typeUrl, resources, removed }: DeltaUpdate): Promise<string | undefined> {
    const gone = removed.map((name) => ({ typeUrl, name }));
    store.apply({ set: resources, remove: gone });
    if (isServing) await server.whenAnswered(resources, answerTimeoutMs);
    told.add(typeUrl);
    if (!isServing && RELAYED.every((one) => told.has(one))) open();
    const reasons = resources.flatMap((one) => settle(one) ?? []);
    for (const one of gone) for (const memory of [good, previous, confirmed]) memory.delete(keyOf(one));
    if (resources.length > 0 || gone.length > 0) saver.request();
    if (reasons.length === 0) return undefined;
    const reason = [...new Set(reasons)].join("; ");
    onEvent?.({ kind: "refused", typeUrl, reason });
    return reason;
  }

  /** What Envoy made of a resource: the reason why it refused it, in whose place the version before is served. */
  function settle(resource: EncodedResource): string | undefined {
    const key = keyOf(resource);
    const refusal = refusals.get(key);
    const before = good.get(key);
    if (refusal?.version !== resource.version) {
      if (before !== undefined && confirmed.get(key) !== resource.version) previous.set(key, before);
      good.set(key, resource);
      return undefined;
    }
    store.apply(before === undefined ? { set: [], remove: [resource] } : { set: [before], remove: [] });
    return refusal.reason;
  }

  function noteAnswers(event: XdsEvent): void {
    if (event.kind === "disconnect") {
      refusals.clear();
      confirmed.clear();
    }
    if (event.kind !== "ack" && event.kind !== "nack") return;
    const { typeUrl } = event;
    const refused = event.kind === "nack" ? refusedIn(event) : [];
    for (const one of event.resources) {
      const key = keyOf({ typeUrl, name: one.name });
      if (event.kind === "nack" && refused.includes(one))
        refusals.set(key, { version: one.version, reason: event.message });
      else confirm(key, one.version);
    }
    if (event.kind === "nack") takeBack(typeUrl, refused);
  }

  function confirm(key: string, version: string): void {
    confirmed.set(key, version);
    previous.delete(key);
    if (refusals.get(key)?.version === version) refusals.delete(key);
  }

  /** What Envoy refuses only after it was taken for accepted: the control plane sends it again, and is told this time. */
  function takeBack(typeUrl: string, refused: readonly NamedVersion[]): void {
    const late = refused.map(({ name }) => keyOf({ typeUrl, name })).filter((key) => isGood(key));
    for (const key of late) goBack(key);
    if (late.length === 0) return;
    saver.request();
    stream.renew();
  }

  function goBack(key: string): void {
    const before = previous.get(key);
    previous.delete(key);
    if (before === undefined) good.delete(key);
    else good.set(key, before);
  }

  function isGood(key: string): boolean {
    const known = good.get(key);
    return known !== undefined && known.version === refusals.get(key)?.version;
  }

  /** The server never says that endpoints are gone; those of clusters that are, are. */
  function dropStrayEndpoints(): void {
    const stray = [...good.values()].filter(
      ({ typeUrl, name }) => typeUrl === TYPE.endpoints && !good.has(`${TYPE.cluster} ${name}`),
    );
    for (const one of stray) good.delete(keyOf(one));
    store.apply({ set: [], remove: stray });
  }

  return {
    isConnected: () => isConnected,
    isServing: () => isServing,
    resources: () => good.size,
    async close() {
      await stream.close();
      await saver.close();
      await server.close();
    },
  };
}

/** Envoy takes the good ones of several clusters, listeners or secrets; of others it is sent each by itself after a refusal. */
function refusedIn({ typeUrl, resources, message }: Extract<XdsEvent, { kind: "nack" }>): readonly NamedVersion[] {
  return rulesOf(typeUrl).removable ? refusedAmong(resources, message) : resources;
}

function keyOf({ typeUrl, name }: Pick<EncodedResource, "typeUrl" | "name">): string {
  return `${typeUrl} ${name}`;
}

/** Saves some time after it is asked to, one at a time; a save that failed is tried again. */
function createSaver(save: () => Promise<void>, afterMs: number, onError: (error: unknown) => void) {
  let timer: NodeJS.Timeout | undefined;
  let isDirty = false;
  let running: Promise<void> = Promise.resolve();

  function request(): void {
    isDirty = true;
    timer ??= setTimeout(() => {
      running = running.then(run);
    }, afterMs);
  }

  async function run(): Promise<void> {
    timer = undefined;
    if (!isDirty) return;
    isDirty = false;
    try {
      await save();
    } catch (error) {
      onError(error);
      request();
    }
  }

  return {
    request,
    async close() {
      clearTimeout(timer);
      await running;
      if (!isDirty) return;
      await save().catch(onError);
      clearTimeout(timer);
    },
  };
}
