import { credentials } from "@grpc/grpc-js";
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { openDeltaStream } from "../../deliver/xds-client/delta-stream.ts";
import { readLastGood, writeLastGood } from "../../deliver/xds-client/last-good.ts";
import { eventually } from "../../deliver/xds-server/envoy-for-tests.ts";
import type { XdsEvent } from "../../deliver/xds-server/events.ts";
import { createResourceStore, type ResourceStore } from "../../deliver/xds-server/resource-store.ts";
import { startXdsServer } from "../../deliver/xds-server/server.ts";
import type { EncodedResource } from "../../render/xds/resource.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { startRelay, type Relay, type RelayEvent } from "./relay.ts";

const TYPES = [TYPE.cluster, TYPE.endpoints, TYPE.listener, TYPE.routeConfiguration, TYPE.filterConfig, TYPE.secret];
const NODE = { id: "gateway~ns~gw~pod", cluster: "graphway" };

function cluster(name: string, version: string): EncodedResource {
  return { typeUrl: TYPE.cluster, name, version, bytes: Buffer.from(`${name} ${version}`) };
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "graphway-relay-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

/** A control plane, an agent and, once it is asked for, an Envoy that refuses versions called `bad`. */
class Pod {
  readonly store: ResourceStore = createResourceStore();
  readonly upstream: XdsEvent[] = [];
  readonly events: RelayEvent[] = [];
  readonly held = new Map<string, string>();
  readonly folder: string;
  readonly lastGoodFile: string;
  readonly #t: TestContext;
  relay: Relay | undefined;

  constructor(t: TestContext, lastGoodFile?: string) {
    this.#t = t;
    this.folder = temporaryFolder(t);
    this.lastGoodFile = lastGoodFile ?? join(this.folder, "last-good");
  }

  async start(): Promise<Relay> {
    const server = await startXdsServer({
      address: "127.0.0.1:0",
      store: this.store,
      onEvent: (event) => this.upstream.push(event),
    });
    this.#t.after(() => server.close());
    const relay = await startRelay({
      upstream: {
        address: server.address,
        credentials: credentials.createInsecure(),
        node: NODE,
        token: () => Promise.resolve(undefined),
      },
      socket: join(this.folder, "xds.sock"),
      lastGoodFile: this.lastGoodFile,
      saveAfterMs: 5,
      onEvent: (event) => this.events.push(event),
    });
    this.#t.after(() => relay.close());
    this.relay = relay;
    return relay;
  }

  startEnvoy(): void {
    const stream = openDeltaStream({
      address: `unix:${join(this.folder, "xds.sock")}`,
      credentials: credentials.createInsecure(),
      node: NODE,
      typeUrls: TYPES,
      token: () => Promise.resolve(undefined),
      held: () => new Map(),
      take: ({ resources, removed }) => {
        const bad = resources.filter((one) => one.version === "bad");
        for (const one of resources) if (!bad.includes(one)) this.held.set(one.name, one.version);
        for (const name of removed) this.held.delete(name);
        if (bad.length === 0) return Promise.resolve(undefined);
        const said = bad.map(({ name }) => `${name}: no such thing`).join(", ");
        return Promise.resolve(`Error adding/updating cluster(s) ${said}`);
      },
    });
    this.#t.after(() => stream.close());
  }

  async untilHeld(expected: Readonly<Record<string, string>>): Promise<void> {
    await eventually(
      () => Object.fromEntries([...this.held].sort()),
      (held) => JSON.stringify(held) === JSON.stringify(expected),
    );
  }

  async untilRefused(): Promise<string> {
    const found = await eventually(
      () => this.upstream.find((event) => event.kind === "nack"),
      (event) => event !== undefined,
    );
    return found?.kind === "nack" ? found.message : "";
  }

  /** What an agent that starts now would go on with. */
  async saved(): Promise<Readonly<Record<string, string>>> {
    const resources = await readLastGood(this.lastGoodFile);
    return Object.fromEntries(resources.map(({ name, version }) => [name, version] as const).sort());
  }

  untilSaved(expected: Readonly<Record<string, string>>): Promise<unknown> {
    return eventually(
      () => this.saved(),
      (saved) => JSON.stringify(saved) === JSON.stringify(expected),
    );
  }
}

describe("what an Envoy refuses", () => {
  it("costs the clusters beside it nothing", async (t) => {
    const pod = new Pod(t);
    await pod.start();
    pod.startEnvoy();
    pod.store.apply({ set: [cluster("a", "1"), cluster("b", "1")], remove: [] });
    await pod.untilHeld({ a: "1", b: "1" });
    pod.store.apply({ set: [cluster("a", "2"), cluster("b", "bad"), cluster("c", "1")], remove: [] });
    assert.match(await pod.untilRefused(), /b: no such thing/);
    await pod.untilSaved({ a: "2", b: "1", c: "1" });
    await pod.untilHeld({ a: "2", b: "1", c: "1" });
  });

  it("is told to the control plane too when the Envoy comes later", async (t) => {
    const pod = new Pod(t);
    pod.store.apply({ set: [cluster("a", "1"), cluster("b", "bad")], remove: [] });
    const relay = await pod.start();
    await eventually(
      () => relay.isServing(),
      (isServing) => isServing,
    );
    pod.startEnvoy();
    assert.match(await pod.untilRefused(), /b: no such thing/);
    await pod.untilSaved({ a: "1" });
    pod.store.apply({ set: [cluster("b", "2")], remove: [] });
    await pod.untilHeld({ a: "1", b: "2" });
    await pod.untilSaved({ a: "1", b: "2" });
  });
});

describe("an agent whose file", () => {
  const ofThePast = [cluster("a", "1")];
  const damages: readonly (readonly [string, (whole: Buffer) => Buffer])[] = [
    ["was cut off", (whole) => whole.subarray(0, whole.length - 3)],
    ["is empty", () => Buffer.alloc(0)],
    ["holds another byte", (whole) => whole.with(whole.length - 1, 1) as Buffer],
    ["is of another version", (whole) => Buffer.concat([Buffer.from("graphway-last-good-9\n"), whole.subarray(21)])],
  ];
  for (const [what, damage] of damages)
    it(`${what} starts with nothing, says so, and keeps a whole one from then on`, async (t) => {
      const pod = new Pod(t);
      await writeLastGood(pod.lastGoodFile, ofThePast);
      writeFileSync(pod.lastGoodFile, damage(readFileSync(pod.lastGoodFile)));
      await pod.start();
      const [fault] = pod.events;
      assert.equal(fault?.kind === "fault" && fault.doing, "reading the last good configuration");
      pod.startEnvoy();
      pod.store.apply({ set: [cluster("b", "1")], remove: [] });
      await pod.untilHeld({ b: "1" });
      await pod.untilSaved({ b: "1" });
    });

  it("was being written when it was killed goes on with the one before", async (t) => {
    const pod = new Pod(t);
    await writeLastGood(pod.lastGoodFile, ofThePast);
    writeFileSync(`${pod.lastGoodFile}.new`, readFileSync(pod.lastGoodFile).subarray(0, 40));
    const relay = await pod.start();
    assert.equal(relay.isServing(), true);
    assert.deepEqual(pod.events[0], { kind: "resumed", resources: 1 });
  });

  it("can't be written serves nevertheless, says so, and writes it once it can", async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, "full"), "");
    const pod = new Pod(t, join(folder, "full", "last-good"));
    await pod.start();
    pod.startEnvoy();
    pod.store.apply({ set: [cluster("b", "1")], remove: [] });
    await pod.untilHeld({ b: "1" });
    await eventually(
      () => pod.events.map((event) => (event.kind === "fault" ? event.doing : "")),
      (doing) => doing.includes("writing the last good configuration"),
    );
    rmSync(join(folder, "full"));
    mkdirSync(join(folder, "full"));
    await pod.untilSaved({ b: "1" });
  });
});
