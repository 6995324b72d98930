import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { XdsEvent } from "../../../deliver/xds-server/events.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import { createGatewayAcceptance, type ServedDeployment, type WantedResource } from "./acceptance.ts";

type Said =
  | { readonly kind: "subscribe"; readonly held?: readonly (readonly [string, string])[] }
  | { readonly kind: "ack"; readonly of: readonly (readonly [string, string])[] }
  | { readonly kind: "nack"; readonly of: readonly (readonly [string, string])[]; readonly message: string }
  | { readonly kind: "disconnect" };

/** Gateways that say something of resources by name and version; a name says its type. */
class Here {
  readonly told = new Set<string>();
  readonly acceptance = createGatewayAcceptance({
    onProgress: (keys) => {
      for (const key of keys) this.told.add(key);
    },
    wantedAs: (version) => version.replace("numbered ", ""),
  });
  /** What a deployment has for itself is one object for as long as its plan is. */
  readonly #served = new Map<string, ServedDeployment>();

  /** Deployments by key and the version of their cluster; the routes and the table say all of it. */
  wants(deployments: Readonly<Record<string, string>>, leftOut: readonly string[] = []): void {
    const said = saidOf(deployments, leftOut);
    const resource = (name: string, version: string): WantedResource => ({ typeUrl: typeOf(name), name, version });
    this.acceptance.wants({
      deployments: Object.entries(deployments).map(([key, version]) => {
        const known = this.#served.get(`${key} ${version}`);
        const one = known ?? { key, plan: {}, own: [resource(`cluster/${key}`, version)] };
        this.#served.set(`${key} ${version}`, one);
        return one;
      }),
      shared: [resource("routes", JSON.stringify(deployments)), resource("table", said)],
      leftOut: new Set(leftOut),
    });
    this.told.clear();
  }

  say(stream: number, type: string, said: Said): void {
    const node = { id: `gateway~ns~gw~pod-${String(stream)}`, cluster: "graphway", metadata: {} };
    const peer = { stream, node, method: "ads" };
    const named = (of: readonly (readonly [string, string])[]) => of.map(([name, version]) => ({ name, version }));
    const event = {
      peer,
      typeUrl: typeOf(type),
      wildcard: true,
      names: [],
      message: "",
      ...said,
      ...("of" in said ? { resources: named(said.of) } : {}),
      ...("held" in said ? { held: named(said.held ?? []) } : {}),
    };
    this.acceptance.onEvent(event as unknown as XdsEvent);
  }

  accepts(stream: number, deployments: Readonly<Record<string, string>>, leftOut: readonly string[] = []): void {
    const clusters = Object.entries(deployments).map(([key, version]) => [`cluster/${key}`, version] as const);
    this.say(stream, "cluster/", { kind: "ack", of: clusters });
    this.say(stream, "routes", { kind: "ack", of: [["routes", JSON.stringify(deployments)]] });
    this.say(stream, "table", { kind: "ack", of: [["table", `numbered ${saidOf(deployments, leftOut)}`]] });
  }

  count(key: string): string | undefined {
    const count = this.acceptance.count(key);
    return count && `${String(count.accepted)} of ${String(count.subscribed)}`;
  }
}

/** What a table says that leaves the newest of some out. */
function saidOf(deployments: Readonly<Record<string, string>>, leftOut: readonly string[]): string {
  return JSON.stringify(leftOut.reduce((rest, key) => ({ ...rest, [key]: "before" }), deployments));
}

function typeOf(name: string): string {
  if (name.startsWith("cluster/")) return TYPE.cluster;
  return name === "routes" ? TYPE.routeConfiguration : TYPE.filterConfig;
}

describe("what gateways have taken in", () => {
  it("counts those that have the newest of a deployment, whatever becomes of others", () => {
    const here = new Here();
    assert.equal(here.count("a"), undefined);
    here.wants({ a: "1", b: "1" });
    assert.equal(here.count("a"), undefined);
    here.say(1, "routes", { kind: "subscribe" });
    here.say(2, "routes", { kind: "subscribe" });
    assert.equal(here.count("a"), "0 of 2");
    here.accepts(1, { a: "1", b: "1" });
    assert.equal(here.count("a"), "1 of 2");
    assert.ok(here.told.has("a"));
    here.wants({ a: "1", b: "2" });
    assert.equal(here.count("a"), "1 of 2");
    assert.equal(here.count("b"), "0 of 2");
    here.accepts(2, { a: "1", b: "2" });
    assert.equal(here.count("a"), "2 of 2");
    assert.equal(here.count("b"), "1 of 2");
    assert.ok(here.told.has("b"));
    here.say(1, "routes", { kind: "disconnect" });
    assert.equal(here.count("b"), "1 of 1");
    here.wants({ b: "2" });
    assert.equal(here.count("a"), undefined);
  });

  it("counts what was overtaken and never sent as had with what came after it", () => {
    const here = new Here();
    here.wants({ a: "1" });
    here.say(1, "routes", { kind: "subscribe" });
    here.wants({ a: "2" });
    here.wants({ a: "2", b: "1" });
    here.accepts(1, { a: "2", b: "1" });
    assert.deepEqual([here.count("a"), here.count("b")], ["1 of 1", "1 of 1"]);
  });

  it("does not count what was taken away meanwhile as had when it comes back", () => {
    const here = new Here();
    const both = { a: "1", b: "1" };
    here.wants(both);
    here.accepts(1, both);
    assert.equal(here.count("b"), "1 of 1");
    here.wants({ a: "1" });
    here.accepts(1, { a: "1" });
    here.wants(both);
    here.say(1, "routes", { kind: "ack", of: [["routes", JSON.stringify(both)]] });
    here.say(1, "table", { kind: "ack", of: [["table", `numbered ${JSON.stringify(both)}`]] });
    assert.equal(here.count("b"), "0 of 1", "its cluster is missing");
    here.accepts(1, both);
    assert.equal(here.count("b"), "1 of 1");
  });

  it("counts what a gateway comes back with", () => {
    const here = new Here();
    const [routes, clusters] = [JSON.stringify({ a: "1" }), [["cluster/a", "1"]] as const];
    here.wants({ a: "1" });
    here.say(1, "cluster/", { kind: "subscribe", held: clusters });
    here.say(1, "routes", { kind: "subscribe", held: [["routes", routes]] });
    assert.equal(here.count("a"), "0 of 1", "the table is not there");
    here.say(1, "table", { kind: "ack", of: [["table", `numbered ${routes}`]] });
    assert.equal(here.count("a"), "1 of 1");
  });

  it("does not count a table that says the version before of a deployment, and then one that says its newest", () => {
    const here = new Here();
    const both = { a: "1", b: "1" };
    here.wants(both, ["a"]);
    here.accepts(1, both, ["a"]);
    assert.deepEqual([here.count("a"), here.count("b")], ["0 of 1", "1 of 1"]);
    here.wants(both);
    assert.deepEqual([here.count("a"), here.count("b")], ["0 of 1", "1 of 1"], "it has not said so yet");
    here.accepts(1, both);
    assert.deepEqual([here.count("a"), here.count("b")], ["1 of 1", "1 of 1"]);
    assert.ok(here.told.has("a"));
  });

  it("tells of a refusal the deployments that wait for what was refused, and no others", () => {
    const here = new Here();
    here.wants({ a: "1", b: "1" });
    here.accepts(1, { a: "1", b: "1" });
    here.wants({ a: "1", b: "2" });
    const refused = JSON.stringify({ a: "1", b: "2" });
    here.say(1, "cluster/", { kind: "ack", of: [["cluster/b", "2"]] });
    here.say(1, "routes", { kind: "nack", of: [["routes", refused]], message: "b is bad" });
    assert.deepEqual(here.acceptance.refusals("a"), []);
    assert.deepEqual(here.acceptance.refusals("b"), ["b is bad"]);
    assert.deepEqual([here.count("a"), here.count("b")], ["1 of 1", "0 of 1"]);
    here.wants({ a: "1", b: "3" });
    assert.deepEqual(here.acceptance.refusals("b"), [], "it was of an older version");
    here.accepts(1, { a: "1", b: "3" });
    assert.equal(here.count("b"), "1 of 1");
  });

  it("lays a cluster among others at its own deployment's door", () => {
    const here = new Here();
    here.wants({ a: "1", ab: "1" });
    const both = JSON.stringify({ a: "1", ab: "1" });
    const message = "Error adding/updating cluster(s) cluster/ab: no such thing";
    here.say(1, "cluster/", {
      kind: "nack",
      of: [
        ["cluster/a", "1"],
        ["cluster/ab", "1"],
      ],
      message,
    });
    here.say(1, "routes", { kind: "ack", of: [["routes", both]] });
    here.say(1, "table", { kind: "ack", of: [["table", `numbered ${both}`]] });
    assert.deepEqual([here.count("a"), here.count("ab")], ["1 of 1", "0 of 1"]);
    assert.deepEqual(here.acceptance.refusals("a"), []);
    assert.deepEqual(here.acceptance.refusals("ab"), [message]);
  });
});
