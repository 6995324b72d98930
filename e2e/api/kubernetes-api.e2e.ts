import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { startLeaderElection, type LeaderElection } from "../../control-plane/src/deliver/kubernetes/lease.ts";
import { createEventRecorder } from "../../control-plane/src/deliver/kubernetes/events.ts";
import { createWriter } from "../../control-plane/src/deliver/kubernetes/writer.ts";
import { ApiError, type ApiClient, type WatchEvent } from "../../control-plane/src/kubernetes-api/api-client.ts";
import { connectToCluster } from "../../control-plane/src/kubernetes-api/connect.ts";
import type { OpenApiClient } from "../../control-plane/src/kubernetes-api/create-api-client.ts";
import type { KubernetesObject } from "../../control-plane/src/kubernetes-api/object.ts";
import { RESOURCE } from "../../control-plane/src/kubernetes-api/resource-types.ts";
import { until } from "../../control-plane/src/kubernetes-api/tests/until.ts";
import type { ReflectorSettings } from "../../control-plane/src/source/kubernetes/reflector-settings.ts";
import { startReflector, type Reflector } from "../../control-plane/src/source/kubernetes/reflector.ts";

const TYPE = RESOURCE.configMap;
const MANAGER = { fieldManager: "graphway" };
const MANY = 2_000;

describe("a real API server", () => {
  const namespace = `graphway-api-${randomBytes(3).toString("hex")}`;
  const labels = { "graphway.dev/test": "mine" };
  const reflectors: Reflector[] = [];
  let client: OpenApiClient;

  const configMap = (name: string, data: Readonly<Record<string, string>> = {}): KubernetesObject => {
    return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, labels }, data };
  };
  const key = (name: string) => ({ namespace, name });

  async function reflect(
    through: Pick<ApiClient, "list" | "watch"> = client,
    settings: Partial<ReflectorSettings> = {},
  ): Promise<Reflector> {
    const labelSelector = "graphway.dev/test=mine";
    const reflector = startReflector({ client: through, type: TYPE, namespace, labelSelector, settings });
    reflectors.push(reflector);
    await reflector.synced;
    return reflector;
  }

  async function hasForgotten(resourceVersion: string): Promise<boolean> {
    try {
      for await (const event of client.watch(TYPE, { namespace, resourceVersion, timeoutSeconds: 1 })) {
        if (event.type !== "bookmark") return false;
      }
      return false;
    } catch (error) {
      assert.ok(error instanceof ApiError);
      assert.deepEqual([error.status, error.reason], [410, "Expired"]);
      return true;
    }
  }

  before(async () => {
    client = await connectToCluster();
    const { apiVersion, kind } = RESOURCE.namespace;
    await client.create(RESOURCE.namespace, { apiVersion, kind, metadata: { name: namespace } });
  });
  after(async () => {
    for (const reflector of reflectors) reflector.stop();
    await Promise.all(reflectors.map(({ stopped }) => stopped));
    await client.delete(RESOURCE.namespace, { namespace: "", name: namespace });
    await client.close();
  });

  it("is followed by a reflector that knows its own writes at once", async () => {
    const reflector = await reflect();
    const changes: string[] = [];
    reflector.onChange(({ name }, object) => changes.push(`${name} ${String(object?.metadata.resourceVersion)}`));
    const made = await client.apply(TYPE, configMap("one", { a: "1" }), MANAGER);
    reflector.put(made);
    assert.equal(reflector.get(key("one"))?.metadata.managedFields, undefined);
    const changed = await client.apply(TYPE, configMap("one", { b: "2" }), MANAGER);
    await until(() => reflector.get(key("one"))?.metadata.resourceVersion === changed.metadata.resourceVersion);
    assert.deepEqual(reflector.get(key("one"))?.["data"], { b: "2" });
    await client.delete(TYPE, key("one"), { uid: made.metadata.uid ?? "" });
    await until(() => reflector.get(key("one")) === undefined);
    reflector.put(changed);
    assert.equal(reflector.get(key("one")), undefined);
    assert.deepEqual(changes, [
      `one ${made.metadata.resourceVersion}`,
      `one ${changed.metadata.resourceVersion}`,
      "one undefined",
    ]);
    assert.equal(reflector.counters.errors, 0);
  });

  it("changes nothing when the same is applied again, and tells who owns a field", async () => {
    const first = await client.apply(TYPE, configMap("same", { a: "1" }), MANAGER);
    const again = await client.apply(TYPE, configMap("same", { a: "1" }), MANAGER);
    assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion);
    const tried = await client.apply(TYPE, configMap("same", { a: "2" }), { ...MANAGER, dryRun: true });
    assert.deepEqual(tried["data"], { a: "2" });
    assert.deepEqual((await client.get(TYPE, key("same")))?.["data"], { a: "1" });
    const other = client.apply(TYPE, configMap("same", { a: "3" }), { fieldManager: "someone", force: false });
    await assert.rejects(other, (error) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual([error.status, error.reason, error.causes[0]?.field], [409, "Conflict", ".data.a"]);
      return true;
    });
  });

  it("refuses what is out of date, of another identity, or wrong", async () => {
    const made = await client.create(TYPE, configMap("strict"));
    const refused = async (run: Promise<unknown>, status: number): Promise<void> => {
      await assert.rejects(run, (error) => error instanceof ApiError && error.status === status);
    };
    await client.replace(TYPE, { ...made, data: { a: "1" } });
    await refused(client.replace(TYPE, { ...made, data: { a: "2" } }), 409);
    await refused(client.create(TYPE, configMap("strict")), 409);
    await refused(client.delete(TYPE, key("strict"), { uid: "another" }), 409);
    await refused(client.apply(TYPE, { ...made, metadata: { ...made.metadata, uid: "another" } }, MANAGER), 409);
    await refused(client.apply(TYPE, configMap("No Name"), MANAGER), 422);
    await refused(client.patch(TYPE, key("strict"), [{ op: "test", path: "/metadata/uid", value: "x" }]), 422);
    await refused(client.create(TYPE, { ...configMap("x"), metadata: { name: "x", namespace: "no-such" } }), 404);
  });

  it("knows which kinds it serves", async () => {
    assert.equal(await client.serves(RESOURCE.deployment), true);
    assert.equal(await client.serves({ ...RESOURCE.deployment, kind: "Deploymint", plural: "deploymints" }), false);
    assert.equal(await client.serves({ ...RESOURCE.scaledObject, apiVersion: "no.such.group/v1" }), false);
    const reflector = startReflector({ client, type: { ...RESOURCE.scaledObject, apiVersion: "no.such.group/v1" } });
    reflectors.push(reflector);
    await reflector.synced;
    assert.equal(reflector.counters.served, false);
  });

  it(`lists ${MANY} objects in pages and follows them`, { timeout: 300_000 }, async () => {
    const names = Array.from({ length: MANY }, (_, i) => `many-${i}`);
    await Promise.all(names.map((name) => client.create(TYPE, configMap(name, { text: "x".repeat(200) }))));
    let pages = 0;
    const reflector = await reflect({
      list: (type, options) => {
        pages++;
        return client.list(type, options);
      },
      watch: (type, options) => client.watch(type, options),
    });
    assert.ok(pages >= MANY / 500, `${pages} pages`);
    assert.ok(names.every((name) => reflector.get(key(name)) !== undefined));
    await client.delete(TYPE, key("many-7"));
    await until(() => reflector.get(key("many-7")) === undefined);
  });

  it("says 410 for a version it has forgotten, and the reflector lists again", async (context) => {
    // Events are forgotten when there are many, and they are older than a minute or so.
    if (!(await hasForgotten("1"))) {
      context.skip("this server is too young to have forgotten anything");
      return;
    }
    let watches = 0;
    const forgetful: Pick<ApiClient, "list" | "watch"> = {
      list: (type, options) => client.list(type, options),
      watch: (type, options): AsyncIterable<WatchEvent> =>
        client.watch(type, watches++ === 0 ? { ...options, resourceVersion: "1" } : options),
    };
    const reflector = await reflect(forgetful);
    await until(() => reflector.counters.relists === 1 && reflector.counters.watches === 2);
    await client.apply(TYPE, configMap("after-410"), MANAGER);
    await until(() => reflector.get(key("after-410")) !== undefined);
  });

  it("is found out when its history was rewound", async () => {
    let lists = 0;
    const rewound: Pick<ApiClient, "list" | "watch"> = {
      list: async (type, options) => {
        const page = await client.list(type, options);
        return lists++ === 0 ? { ...page, resourceVersion: "999999999" } : page;
      },
      watch: (type, options) => client.watch(type, options),
    };
    const reflector = await reflect(rewound, { idleMs: 1_000, pageSize: 0 });
    await until(() => reflector.counters.relists === 1, { saw: () => reflector.counters });
    await client.apply(TYPE, configMap("after-rewinding"), MANAGER);
    await until(() => reflector.get(key("after-rewinding")) !== undefined, { saw: () => reflector.counters });
  });

  it("sends bookmarks from which a watch resumes", { timeout: 300_000 }, async () => {
    const { resourceVersion } = await client.list(TYPE, { namespace });
    const watch = client.watch(TYPE, { namespace, labelSelector: "no=such", resourceVersion, timeoutSeconds: 6 });
    const bookmarks: WatchEvent[] = [];
    await client.apply(TYPE, configMap("elsewhere", { at: resourceVersion }), MANAGER);
    for await (const event of watch) if (event.type === "bookmark") bookmarks.push(event);
    const last = bookmarks.at(-1)?.object.metadata.resourceVersion ?? assert.fail("no bookmark");
    for await (const event of client.watch(TYPE, { namespace, resourceVersion: last, timeoutSeconds: 1 })) {
      assert.ok(["bookmark", "added", "modified"].includes(event.type));
    }
  });

  it("lets one of two contenders lead, and the other when the first stops", { timeout: 300_000 }, async () => {
    const story: string[] = [];
    const contend = (identity: string): LeaderElection =>
      startLeaderElection({
        client,
        key: key("lease"),
        identity,
        onAcquired: () => story.push(`${identity} acquired`),
        onLost: () => story.push(`${identity} lost`),
      });
    const elections = new Map([
      ["a", contend("a")],
      ["b", contend("b")],
    ]);
    await until(() => story.length === 1);
    await new Promise((resume) => setTimeout(resume, 5_000));
    const first = [...elections].filter(([, election]) => election.isLeading()).map(([identity]) => identity);
    assert.equal(first.length, 1);
    const [leader = ""] = first;
    const other = leader === "a" ? "b" : "a";
    await elections.get(leader)?.stop();
    await until(() => elections.get(other)?.isLeading() === true, { within: 90_000 });
    assert.deepEqual(story, [`${leader} acquired`, `${leader} lost`, `${other} acquired`]);
    await elections.get(other)?.stop();
  });

  it("takes events, and counts them up", async () => {
    const object = await client.create(TYPE, configMap("told-about"));
    const errors: unknown[] = [];
    const recorder = createEventRecorder({ client, host: "test", onError: (error) => errors.push(error) });
    const note = { type: "Warning", reason: "InternalError", message: "something" } as const;
    recorder.record(object, [note, note, note]);
    await recorder.flush();
    assert.deepEqual(errors, []);
    const { items } = await client.list(RESOURCE.event, { namespace });
    const mine = items.filter((event) => event["reason"] === "InternalError");
    assert.deepEqual(
      mine.map(({ count, reportingComponent }) => [count, reportingComponent]),
      [[3, "seldon-controller-manager"]],
    );
  });

  it("does a list of writes in their order", async () => {
    const reflector = await reflect();
    const writer = createWriter({ client, cacheOf: (type) => (type === TYPE ? reflector : undefined) });
    const made = await client.create(TYPE, configMap("to-delete"));
    const report = await writer.perform([
      { kind: "apply", type: TYPE, object: configMap("w1", { a: "1" }) },
      { kind: "patch", type: TYPE, key: key("w1"), patch: { data: { b: "2" } } },
      { kind: "delete", type: TYPE, key: key("to-delete"), uid: made.metadata.uid ?? "" },
      { kind: "delete", type: TYPE, key: key("w1"), uid: "another" },
    ]);
    assert.deepEqual([report.done, report.failed?.why], [3, "changed"]);
    assert.deepEqual(reflector.get(key("w1"))?.["data"], { a: "1", b: "2" });
  });
});
