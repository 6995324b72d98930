import type { XdsEvent } from "../../../deliver/xds-server/events.ts";
import { refusedAmong } from "../../../deliver/xds-server/refused-names.ts";
import { listenerName } from "../../../render/xds/gateway-listeners.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import type { ListenerRequest } from "./read-gateways.ts";

/** Which listeners and certificates gateways refuse right now: they go on with the version before, or with none. */
export interface ListenerRefusals {
  /** Every event of the xDS server that comes from a gateway. */
  onEvent(event: XdsEvent): void;
  /** Why the newest of a listener, or of what it shows, was refused: Envoy's words. */
  refusalOf(listener: Pick<ListenerRequest, "envoyPort" | "secrets">): string | undefined;
}

export function createListenerRefusals(): ListenerRefusals {
  /** By stream; the reasons by type and name. */
  const refused = new Map<number, Map<string, string>>();

  function noteAnswer(event: Extract<XdsEvent, { kind: "ack" | "nack" }>): void {
    const { typeUrl } = event;
    if (typeUrl !== TYPE.listener && typeUrl !== TYPE.secret) return;
    const reasons = refused.get(event.peer.stream) ?? new Map<string, string>();
    const bad = event.kind === "nack" ? refusedAmong(event.resources, event.message) : [];
    for (const one of event.resources)
      if (event.kind === "nack" && bad.includes(one)) reasons.set(`${typeUrl} ${one.name}`, event.message);
      else reasons.delete(`${typeUrl} ${one.name}`);
    if (reasons.size > 0) refused.set(event.peer.stream, reasons);
    else refused.delete(event.peer.stream);
  }

  return {
    onEvent(event) {
      if (event.kind === "ack" || event.kind === "nack") noteAnswer(event);
      if (event.kind === "disconnect") refused.delete(event.peer.stream);
    },
    refusalOf({ envoyPort, secrets = [] }) {
      const keys = [
        `${TYPE.listener} ${listenerName(envoyPort)}`,
        ...secrets.map((secret) => `${TYPE.secret} ${secret}`),
      ];
      for (const reasons of refused.values())
        for (const key of keys) {
          const reason = reasons.get(key);
          if (reason !== undefined) return reason;
        }
      return undefined;
    },
  };
}
