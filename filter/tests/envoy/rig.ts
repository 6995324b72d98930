import { after, before } from "node:test";
import { encodeRouteTable } from "#proto/route-table/encode.ts";
import { FilterEnvoy } from "./envoy.ts";
import { table } from "./tables.ts";
import { type Seen, startUpstream, type Upstream } from "./upstream.ts";

const NAMES = ["main", "canary", "shadow", "fallback"];

/** An Envoy with the filter and the table of `tables.ts`, and stubs behind it, for the tests of the describe that asks for it. */
export interface Rig {
  readonly envoy: () => FilterEnvoy;
  /** Ports of Envoy: with the filter, and with only the early removal of headers. */
  readonly filtered: () => number;
  readonly stripped: () => number;
  /** What a stub has seen since `forget`. */
  readonly seenBy: (name: string) => readonly Seen[];
  readonly forget: () => void;
}

/** Starts it before the tests of a describe, and stops it after them. */
export function useRig(): Rig {
  let upstreams: readonly Upstream[] = [];
  let running: FilterEnvoy | undefined;
  let ports: readonly number[] = [];
  before(async () => {
    upstreams = await Promise.all(NAMES.map(startUpstream));
    const clusters = Object.fromEntries(upstreams.map((one) => [one.name, one.port]));
    running = await FilterEnvoy.start(encodeRouteTable(table), clusters);
    ports = [await running.portOf("filtered"), await running.portOf("stripped")];
  });
  after(async () => {
    await running?.stop();
    await Promise.all(upstreams.map((one) => one.stop()));
  });
  return {
    envoy: () => {
      if (running === undefined) throw new Error("Envoy did not start");
      return running;
    },
    filtered: () => ports[0] ?? 0,
    stripped: () => ports[1] ?? 0,
    seenBy: (name) => upstreams.find((one) => one.name === name)?.seen ?? [],
    forget: () => {
      for (const one of upstreams) one.seen.length = 0;
    },
  };
}
