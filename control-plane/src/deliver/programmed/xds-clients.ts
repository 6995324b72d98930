import type { XdsEvent, XdsPeer } from "../xds-server/events.ts";

/** What one client said of one resource last. */
export interface ClientResource {
  readonly name: string;
  /** The version that it accepted last; absent: none yet. */
  readonly accepted?: string;
  /** Absent: it refused nothing since. */
  readonly refused?: { readonly version: string; readonly message: string };
}

/** What is known of one stream. */
export interface XdsClientReport {
  readonly stream: number;
  readonly node: string;
  readonly method: string;
  readonly connectedAt: string;
  readonly types: Readonly<
    Record<
      string,
      { readonly wildcard: boolean; readonly subscribed: number; readonly resources: readonly ClientResource[] }
    >
  >;
}

/** Who is connected and what they accepted, for people who look for something. */
export interface XdsClients {
  onEvent(event: XdsEvent): void;
  /** Those whose node id contains the text, and of each type the first resources; `clients` counts all of them. */
  report(nodePart: string): { readonly clients: number; readonly shown: readonly XdsClientReport[] };
}

interface KnownType {
  wildcard: boolean;
  subscribed: number;
  readonly resources: Map<string, ClientResource>;
}

interface Client {
  readonly peer: XdsPeer;
  readonly connectedAtMs: number;
  readonly types: Map<string, KnownType>;
}

const SHOWN_CLIENTS = 500;
/** Of one type of one client; more are not remembered. */
const RESOURCES_PER_TYPE = 200;
const LONGEST_MESSAGE = 2000;

export function createXdsClients(nowMs: () => number = Date.now): XdsClients {
  const clients = new Map<number, Client>();

  function typeOf(peer: XdsPeer, typeUrl: string): KnownType | undefined {
    const types = clients.get(peer.stream)?.types;
    if (types === undefined) return undefined;
    const known = types.get(typeUrl) ?? { wildcard: false, subscribed: 0, resources: new Map() };
    types.set(typeUrl, known);
    return known;
  }

  function answered({ peer, typeUrl, ...event }: Extract<XdsEvent, { kind: "ack" | "nack" }>): void {
    const known = typeOf(peer, typeUrl);
    if (known === undefined) return;
    for (const { name, version } of event.resources) {
      const before = known.resources.get(name);
      if (before === undefined && known.resources.size >= RESOURCES_PER_TYPE) continue;
      if (event.kind === "ack") known.resources.set(name, { name, accepted: version });
      else {
        const refused = { version, message: event.message.slice(0, LONGEST_MESSAGE) };
        known.resources.set(name, { name, ...before, refused });
      }
    }
  }

  return {
    onEvent(event) {
      const { peer } = event;
      switch (event.kind) {
        case "connect":
          clients.set(peer.stream, { peer, connectedAtMs: nowMs(), types: new Map() });
          return;
        case "subscribe": {
          const known = typeOf(peer, event.typeUrl);
          if (known === undefined) return;
          known.wildcard = event.wildcard;
          known.subscribed = event.names.length;
          if (event.wildcard) return;
          const names = new Set(event.names);
          for (const name of known.resources.keys()) if (!names.has(name)) known.resources.delete(name);
          return;
        }
        case "ack":
        case "nack":
          answered(event);
          return;
        case "disconnect":
          clients.delete(peer.stream);
          return;
      }
    },
    report(nodePart) {
      const found = [...clients.values()].filter(({ peer }) => peer.node.id.includes(nodePart));
      return { clients: found.length, shown: found.slice(0, SHOWN_CLIENTS).map(reportOf) };
    },
  };
}

function reportOf({ peer, connectedAtMs, types }: Client): XdsClientReport {
  return {
    stream: peer.stream,
    node: peer.node.id,
    method: peer.method,
    connectedAt: new Date(connectedAtMs).toISOString(),
    types: Object.fromEntries(
      [...types].map(([typeUrl, { wildcard, subscribed, resources }]) => [
        typeUrl,
        { wildcard, subscribed, resources: [...resources.values()] },
      ]),
    ),
  };
}
