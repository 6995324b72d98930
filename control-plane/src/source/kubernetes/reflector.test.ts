import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { ApiError } from "../../kubernetes-api/api-client.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { startFakeApiServer, type FakeApiServer } from "../../kubernetes-api/tests/fake-api-server.ts";
import { until } from "../../kubernetes-api/tests/until.ts";
import { startReflector, type Reflector, type ReflectorOptions } from "./reflector.ts";

const TYPE = RESOURCE.configMap;
const FAST = { backOff: { firstMs: 4, longestMs: 20 }, idleMs: 2_000, unservedCheckMs: 20, pageSize: 3 };

function configMap(name: string, data: unknown = {}, metadata: object = {}): KubernetesObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default", ...metadata }, data };
}

function key(name: string) {
  return { namespace: "default", name };
}

describe("a reflector", () => {
  let server: FakeApiServer;
  let reflector: Reflector;
  const errors: unknown[] = [];
  const running: Reflector[] = [];

  function start(options: Partial<ReflectorOptions> = {}): Reflector {
    const onError = (error: unknown) => errors.push(error);
    const settings = { ...FAST, ...options.settings };
    const one = startReflector({ client: server.client(), type: TYPE, onError, ...options, settings });
    running.push(one);
    return one;
  }

  async function startWatching(options: Partial<ReflectorOptions> = {}): Promise<void> {
    reflector = start(options);
    await reflector.synced;
    await until(() => server.watches.size === 1);
  }

  const names = () =>
    reflector
      .list()
      .map(({ metadata }) => metadata.name)
      .sort();

  beforeEach(async () => {
    errors.length = 0;
    server = await startFakeApiServer();
  });
  afterEach(async () => {
    for (const one of running.splice(0)) {
      one.stop();
      await one.stopped;
    }
    await server.stop();
  });

  it("lists in pages, then follows", async () => {
    for (let i = 0; i < 8; i++) server.objects.put(TYPE, configMap(`c${i}`));
    await startWatching();
    assert.equal(reflector.list().length, 8);
    assert.equal(server.requests.filter(({ verb }) => verb === "list").length, 3);
    server.objects.put(TYPE, configMap("c0", { a: "2" }));
    server.objects.delete(TYPE, key("c1"));
    await until(() => reflector.list().length === 7);
    assert.deepEqual(reflector.get(key("c0"))?.["data"], { a: "2" });
    const { query } = server.requests.findLast(({ verb }) => verb === "watch") ?? assert.fail();
    assert.equal(query.get("allowWatchBookmarks"), "true");
    const seconds = Number(query.get("timeoutSeconds"));
    assert.ok(seconds >= 240 && seconds <= 300);
  });

  it("keeps what it is asked to keep", async () => {
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": "{}", other: "1" };
    server.objects.put(TYPE, configMap("one", {}, { annotations, managedFields: [{}] }));
    await startWatching();
    const { metadata } = reflector.get(key("one")) ?? assert.fail();
    assert.deepEqual([metadata.managedFields, metadata.annotations], [undefined, { other: "1" }]);
    await startWatchingBeside({
      keep: ({ apiVersion, kind, metadata: kept }) => ({ apiVersion, kind, metadata: kept }),
    });
    assert.equal(reflector.get(key("one"))?.["data"], undefined);
  });

  async function startWatchingBeside(options: Partial<ReflectorOptions>): Promise<void> {
    reflector = start(options);
    await reflector.synced;
  }

  it("resumes from the last bookmark", async () => {
    await startWatching();
    server.objects.put(RESOURCE.secret, { ...configMap("other"), kind: "Secret" });
    server.watches.bookmark();
    await until(() => reflector.counters.bookmarks === 1);
    server.objects.compact();
    server.watches.end();
    await until(() => reflector.counters.watches === 2);
    server.objects.put(TYPE, configMap("one"));
    await until(() => names().length === 1);
    assert.deepEqual([reflector.counters.relists, errors], [0, []]);
  });

  it("lists again when history is lost, and finds what went away meanwhile", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) server.objects.put(TYPE, configMap(name));
    await startWatching();
    const changes: string[] = [];
    reflector.onChange(({ name }, object, before) => {
      changes.push(`${name} ${before === undefined ? "-" : "+"}${object === undefined ? "-" : "+"}`);
    });
    server.watches.freeze();
    server.objects.delete(TYPE, key("b"));
    server.objects.put(TYPE, configMap("c", { a: "2" }));
    server.objects.put(TYPE, configMap("f"));
    server.objects.compact();
    server.watches.cut();
    await until(() => changes.length === 3);
    assert.equal(reflector.counters.relists, 1);
    assert.deepEqual(changes.sort(), ["b +-", "c ++", "f -+"]);
    assert.deepEqual(names(), ["a", "c", "d", "e", "f"]);
  });

  it("starts over when pages expire on the way", async () => {
    for (let i = 0; i < 8; i++) server.objects.put(TYPE, configMap(`c${i}`));
    server.fail({ status: 410, verb: "list", when: ({ query }) => query.has("continue") });
    await startWatching();
    assert.equal(reflector.list().length, 8);
    assert.equal(server.requests.findLast(({ verb }) => verb === "list")?.query.get("limit"), "0");
  });

  it("takes a server that was restored from a copy at its word", async () => {
    server.objects.version = 5_000;
    server.objects.put(TYPE, configMap("a"));
    await startWatching({ settings: { idleMs: 50 } });
    server.watches.freeze();
    server.objects.delete(TYPE, key("a"));
    server.objects.version = 2_000;
    server.objects.history = [];
    server.objects.put(TYPE, configMap("b"));
    server.watches.cut();
    await until(() => names().join() === "b");
    assert.equal(reflector.counters.relists, 1);
  });

  for (const fault of [
    { status: 500 },
    { status: 429, retryAfterSeconds: 1 },
    { then: "reset" },
    { then: "garbage" },
    { then: "cut-off" },
  ] as const) {
    it(`goes on after faults of lists and watches: ${JSON.stringify(fault)}`, async () => {
      server.objects.put(TYPE, configMap("a"));
      server.fail({ ...fault, verb: "list", times: 2 });
      server.fail({ ...fault, verb: "watch", times: 2 });
      reflector = start();
      await reflector.synced;
      server.objects.put(TYPE, configMap("b"));
      await until(() => names().length === 2);
      assert.ok(errors.length >= 1);
      assert.equal(reflector.counters.errors, errors.length);
    });
  }

  it("backs off from a server that says no, and from one that ends every watch at once", async () => {
    server.fail({ status: 403, verb: "list", times: 1_000 });
    reflector = start({ settings: { backOff: { firstMs: 30, longestMs: 60 } } });
    await until(() => errors.length === 4);
    assert.ok(errors.every((error) => error instanceof ApiError && error.status === 403));
    server.heal();
    server.fail({ then: "stream-error", status: 410, verb: "watch", times: 1_000 });
    await reflector.synced;
    const [lists, startedMs] = [reflector.counters.lists, performance.now()];
    await until(() => reflector.counters.lists >= lists + 4);
    assert.ok(performance.now() - startedMs > 60, `${performance.now() - startedMs} ms`);
  });

  it("opens a watch anew that fell silent", async () => {
    await startWatching({ settings: { idleMs: 60 } });
    server.watches.freeze();
    server.objects.put(TYPE, configMap("a"));
    await until(() => names().length === 1);
    assert.ok(reflector.counters.stalls >= 1);
  });

  it("is empty and synced while the server does not know the kind", async () => {
    server.withdraw(TYPE);
    reflector = start();
    await reflector.synced;
    assert.deepEqual([reflector.counters.served, reflector.list(), errors], [false, [], []]);
    server.serve(TYPE);
    server.objects.put(TYPE, configMap("a"));
    await until(() => names().length === 1);
    const gone: string[] = [];
    reflector.onChange(({ name }, object) => object ?? gone.push(name));
    server.withdraw(TYPE);
    await until(() => !reflector.counters.served);
    assert.deepEqual([gone, reflector.list()], [["a"], []]);
  });

  it("gives nothing up for a server that denies a kind for a moment", async () => {
    server.objects.put(TYPE, configMap("a"));
    await startWatching();
    const gone: string[] = [];
    reflector.onChange(({ name }, object) => object ?? gone.push(name));
    server.fail({ status: 404, verb: "watch" });
    server.fail({ status: 404, verb: "list", times: 2 });
    server.watches.cut();
    await until(() => reflector.counters.lists === 4 && server.watches.size === 1);
    assert.deepEqual([gone, names()], [[], ["a"]]);
  });

  it("sees only its namespace and labels", async () => {
    server.objects.put(TYPE, configMap("in", {}, { labels: { app: "x" } }));
    server.objects.put(TYPE, configMap("unlabelled"));
    server.objects.put(TYPE, configMap("elsewhere", {}, { namespace: "other", labels: { app: "x" } }));
    await startWatching({ namespace: "default", labelSelector: "app=x" });
    assert.deepEqual(names(), ["in"]);
    for (const metadata of [{}, { labels: { app: "x" }, namespace: "other" }]) {
      reflector.put(configMap("new", {}, { resourceVersion: "999999", ...metadata }));
    }
    server.objects.put(TYPE, configMap("in", {}, { labels: {} }));
    await until(() => names().length === 0);
  });

  it("knows objects by namespace and by the controller that owns them", async () => {
    const owner = { apiVersion: "v1", kind: "X", name: "x", uid: "u1" };
    server.objects.put(TYPE, configMap("a", {}, { ownerReferences: [{ ...owner, controller: true }] }));
    server.objects.put(TYPE, configMap("b", {}, { ownerReferences: [owner] }));
    server.objects.put(TYPE, configMap("c", {}, { namespace: "other" }));
    await startWatching();
    const owned = (uid: string) => reflector.ownedBy(uid).map(({ metadata }) => metadata.name);
    assert.deepEqual(owned("u1"), ["a"]);
    assert.equal(reflector.list("other").length, 1);
    server.objects.put(TYPE, configMap("a", {}, { ownerReferences: [{ ...owner, uid: "u2", controller: true }] }));
    await until(() => owned("u2").length === 1);
    assert.deepEqual(owned("u1"), []);
    server.objects.delete(TYPE, key("a"));
    await until(() => owned("u2").length === 0);
  });

  it("stops before the first listing, and says so", async () => {
    server.fail({ then: "hang", verb: "list" });
    reflector = start();
    reflector.stop();
    await assert.rejects(reflector.synced, /stopped before/);
  });

  it("goes on when a listener throws", async () => {
    await startWatching();
    reflector.onChange(() => {
      throw new Error("mine");
    });
    server.objects.put(TYPE, configMap("a"));
    server.objects.put(TYPE, configMap("b"));
    await until(() => names().length === 2);
    assert.equal(errors.length, 2);
  });

  describe("that is told of writes", () => {
    it("knows them at once, and tells everyone once", async () => {
      await startWatching();
      const changes: (string | undefined)[] = [];
      reflector.onChange((_, object) => changes.push(object?.metadata.resourceVersion));
      server.watches.freeze();
      const made = server.objects.put(TYPE, configMap("a"));
      reflector.put(made);
      assert.deepEqual(reflector.get(key("a"))?.metadata.uid, made.metadata.uid);
      server.watches.cut();
      server.objects.put(TYPE, configMap("b"));
      await until(() => names().length === 2);
      assert.equal(changes.length, 2);
    });

    it("never goes back to what is older", async () => {
      const old = server.objects.put(TYPE, configMap("a", { v: "1" }));
      await startWatching();
      server.objects.put(TYPE, configMap("a", { v: "2" }));
      await until(() => reflector.counters.events === 1);
      reflector.put(old);
      assert.deepEqual(reflector.get(key("a"))?.["data"], { v: "2" });
    });

    it("never brings back what was deleted", async () => {
      await startWatching();
      const made = server.objects.put(TYPE, configMap("a"));
      server.objects.delete(TYPE, key("a"));
      await until(() => reflector.counters.events === 2);
      reflector.put(made);
      assert.deepEqual(names(), []);
      const again = server.objects.put(TYPE, configMap("a"));
      reflector.put(again);
      assert.equal(reflector.get(key("a"))?.metadata.uid, again.metadata.uid);
    });

    it("keeps what was made anew when the old one's deletion comes in late", async () => {
      server.objects.put(TYPE, configMap("a"));
      await startWatching();
      server.watches.freeze();
      server.objects.delete(TYPE, key("a"));
      const again = server.objects.put(TYPE, configMap("a"));
      reflector.put(again);
      const gone: string[] = [];
      reflector.onChange(({ name }, object) => object ?? gone.push(name));
      server.watches.cut();
      await until(() => reflector.counters.watches === 2 && reflector.counters.events >= 2);
      assert.deepEqual([gone, reflector.get(key("a"))?.metadata.uid], [[], again.metadata.uid]);
    });

    it("takes nothing in before it has listed", () => {
      server.fail({ then: "hang", verb: "list" });
      reflector = start();
      reflector.put(configMap("a", {}, { resourceVersion: "5" }));
      assert.deepEqual(names(), []);
    });
  });
});
