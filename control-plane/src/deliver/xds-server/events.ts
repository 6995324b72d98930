import type { XdsNode } from "./node-view.ts";

/** One stream of one client. Two streams of one node id are two clients. */
export interface XdsPeer {
  /** Unique within the server. */
  readonly stream: number;
  readonly node: XdsNode;
  /** `service/method`, for messages. */
  readonly method: string;
}

/** A resource in a version, as the client knows it. */
export interface NamedVersion {
  readonly name: string;
  readonly version: string;
}

/** What happens on the streams. `ack` means that the client finds the resources valid, not that they are in use. */
export type XdsEvent = { readonly peer: XdsPeer } & (
  | { readonly kind: "connect" }
  | {
      readonly kind: "subscribe";
      readonly typeUrl: string;
      readonly wildcard: boolean;
      readonly names: readonly string[];
      /** In the first of a type: what the client still has from an earlier stream, and is not sent again. */
      readonly held?: readonly NamedVersion[];
    }
  | { readonly kind: "ack"; readonly typeUrl: string; readonly resources: readonly NamedVersion[] }
  | {
      readonly kind: "nack";
      readonly typeUrl: string;
      readonly resources: readonly NamedVersion[];
      /** The client's reason. */
      readonly message: string;
    }
  /** `reason` is absent when the client simply left. */
  | { readonly kind: "disconnect"; readonly reason?: string }
);
