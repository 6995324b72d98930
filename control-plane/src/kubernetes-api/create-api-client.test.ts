import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { ApiError, ApiUnreachable, type WatchEvent } from "./api-client.ts";
import { createApiClient, type CallReport, type OpenApiClient } from "./create-api-client.ts";
import type { KubernetesObject } from "./object.ts";
import { RESOURCE } from "./resource-types.ts";
import { startFakeApiServer, type FakeApiServer } from "./tests/fake-api-server.ts";
import { until } from "./tests/until.ts";

const KEY = { namespace: "default", name: "one" };

function configMap(name: string, data: Readonly<Record<string, string>> = {}): KubernetesObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data };
}

function isApiError(status: number, reason: string) {
  return (error: unknown) => error instanceof ApiError && error.status === status && error.reason === reason;
}

describe("the API client", () => {
  let server: FakeApiServer;
  let client: OpenApiClient;
  /** Gives up soon. */
  let hasty: OpenApiClient;
  const calls: CallReport[] = [];
  before(async () => {
    server = await startFakeApiServer();
    client = server.client({ longestEventBytes: 2_000 });
    hasty = server.client({ callTimeoutMs: 2_000, onCall: (call) => calls.push(call) });
  });
  after(() => server.stop());
  beforeEach(() => {
    server.heal();
    for (const { metadata } of server.objects.list(RESOURCE.configMap)) {
      server.objects.delete(RESOURCE.configMap, { namespace: metadata.namespace ?? "", name: metadata.name });
    }
  });

  describe("reads and writes", () => {
    it("what is there, and undefined for what is not", async () => {
      assert.equal(await client.get(RESOURCE.configMap, KEY), undefined);
      const made = await client.create(RESOURCE.configMap, configMap("one", { a: "1" }));
      assert.deepEqual(await client.get(RESOURCE.configMap, KEY), made);
      await assert.rejects(client.create(RESOURCE.configMap, configMap("one")), isApiError(409, "AlreadyExists"));
    });

    it("lists in pages whose items say what they are", async () => {
      for (const name of ["a", "b", "c"]) server.objects.put(RESOURCE.configMap, configMap(name));
      const first = await client.list(RESOURCE.configMap, { limit: 2 });
      assert.deepEqual(
        first.items.map(({ apiVersion, kind, metadata }) => [apiVersion, kind, metadata.name]),
        [
          ["v1", "ConfigMap", "a"],
          ["v1", "ConfigMap", "b"],
        ],
      );
      const rest = await client.list(RESOURCE.configMap, { limit: 2, continue: first.continue ?? "" });
      assert.deepEqual([rest.items.length, rest.continue], [1, undefined]);
      assert.equal(rest.resourceVersion, first.resourceVersion);
    });

    it("by labels and namespace", async () => {
      const labelled = configMap("one");
      server.objects.put(RESOURCE.configMap, { ...labelled, metadata: { ...labelled.metadata, labels: { app: "x" } } });
      server.objects.put(RESOURCE.configMap, configMap("two"));
      const { items } = await client.list(RESOURCE.configMap, { labelSelector: "app in (x,y)", namespace: "default" });
      assert.deepEqual(
        items.map(({ metadata }) => metadata.name),
        ["one"],
      );
      assert.equal((await client.list(RESOURCE.configMap, { namespace: "other" })).items.length, 0);
    });

    it("applies by server-side apply, forced unless told otherwise", async () => {
      const made = await client.apply(RESOURCE.configMap, configMap("one", { a: "1" }), { fieldManager: "graphway" });
      const { headers, query } = server.requests.at(-1) ?? assert.fail();
      assert.equal(headers["content-type"], "application/apply-patch+yaml");
      assert.equal(query.toString(), "fieldManager=graphway&force=true");
      assert.ok(made.metadata.managedFields?.length);
      // What came from the server can be applied again.
      await client.apply(RESOURCE.configMap, { ...made, data: { b: "2" } }, { fieldManager: "graphway" });
      assert.deepEqual((await client.get(RESOURCE.configMap, KEY))?.["data"], { b: "2" });
      const other = client.apply(RESOURCE.configMap, configMap("one", { b: "3" }), {
        fieldManager: "me",
        force: false,
      });
      await assert.rejects(other, (error) => {
        assert.ok(isApiError(409, "Conflict")(error) && error instanceof ApiError);
        assert.deepEqual(error.causes, [
          { reason: "FieldManagerConflict", field: ".data.b", message: 'conflict with "graphway"' },
        ]);
        return true;
      });
    });

    it("tries writes out and writes subresources", async () => {
      await client.apply(RESOURCE.configMap, configMap("one"), { fieldManager: "graphway", dryRun: true });
      assert.equal(server.objects.get(RESOURCE.configMap, KEY), undefined);
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "one", namespace: "default" }, spec: {} };
      server.objects.put(RESOURCE.pod, pod);
      const options = { fieldManager: "graphway", subresource: "status" } as const;
      await client.apply(RESOURCE.pod, { ...pod, status: { phase: "Running" } }, options);
      assert.deepEqual(server.objects.get(RESOURCE.pod, KEY)?.["status"], { phase: "Running" });
    });

    it("replaces the newest version only", async () => {
      const made = await client.create(RESOURCE.configMap, configMap("one", { a: "1" }));
      await client.replace(RESOURCE.configMap, { ...made, data: { a: "2" } });
      await assert.rejects(client.replace(RESOURCE.configMap, { ...made, data: {} }), isApiError(409, "Conflict"));
    });

    it("patches by merge and by operations", async () => {
      await client.create(RESOURCE.configMap, configMap("one", { a: "1", b: "2" }));
      const merged = await client.patch(RESOURCE.configMap, KEY, { data: { a: null } });
      assert.deepEqual(merged["data"], { b: "2" });
      const added = await client.patch(RESOURCE.configMap, KEY, [{ op: "add", path: "/data/c", value: "3" }]);
      assert.deepEqual(added["data"], { b: "2", c: "3" });
    });

    it("deletes the object of an identity, and is quiet when there is none", async () => {
      await client.create(RESOURCE.configMap, configMap("one"));
      await assert.rejects(client.delete(RESOURCE.configMap, KEY, { uid: "other" }), isApiError(409, "Conflict"));
      await client.delete(RESOURCE.configMap, KEY);
      await client.delete(RESOURCE.configMap, KEY);
      assert.equal(server.objects.get(RESOURCE.configMap, KEY), undefined);
    });

    it("knows which kinds are served", async () => {
      assert.equal(await client.serves(RESOURCE.deployment), true);
      server.withdraw(RESOURCE.scaledObject);
      assert.equal(await client.serves(RESOURCE.scaledObject), false);
      server.serve(RESOURCE.scaledObject);
      assert.equal(await client.serves(RESOURCE.scaledObject), true);
    });

    it("never takes a name for a path", async () => {
      const before = server.requests.length;
      for (const name of ["", ".", ".."]) {
        const key = { namespace: "default", name };
        await assert.rejects(client.delete(RESOURCE.configMap, key), isApiError(400, "BadRequest"));
        await assert.rejects(client.get(RESOURCE.pod, { namespace: name, name: "a" }), isApiError(400, "BadRequest"));
      }
      assert.equal(server.requests.length, before);
      assert.equal(await client.get(RESOURCE.configMap, { namespace: "default", name: "../../pods?x=" }), undefined);
      assert.equal(server.requests.at(-1)?.kind, "ConfigMap");
    });
  });

  describe("when things go wrong", () => {
    it("says how long the server wants to wait", async () => {
      server.fail({ status: 429, retryAfterSeconds: 3 });
      await assert.rejects(client.get(RESOURCE.configMap, KEY), (error) => {
        assert.ok(error instanceof ApiError);
        assert.deepEqual([error.status, error.reason, error.retryAfterMs], [429, "TooManyRequests", 3000]);
        return true;
      });
    });

    for (const then of ["hang", "cut-off", "garbage", "lose-answer"] as const) {
      it(`is unreachable, and soon: ${then}`, async () => {
        const impatient = then === "hang" ? hasty : client;
        // A list whose connection broke is tried once more.
        server.fail({ then, times: then === "lose-answer" ? 2 : 1, verb: "list" });
        server.fail({ then, verb: "apply" });
        await assert.rejects(impatient.list(RESOURCE.configMap), ApiUnreachable);
        await assert.rejects(
          impatient.apply(RESOURCE.configMap, configMap("one"), { fieldManager: "x" }),
          ApiUnreachable,
        );
        assert.equal((await client.list(RESOURCE.secret)).items.length, 0);
      });
    }

    it("reads again over a new connection when the old one was closed", async () => {
      server.fail({ then: "reset", verb: "get" });
      assert.equal(await client.get(RESOURCE.configMap, KEY), undefined);
      server.fail({ then: "reset", verb: "create" });
      await assert.rejects(client.create(RESOURCE.configMap, configMap("one")), ApiUnreachable);
    });

    it("reports what it asked", async () => {
      calls.length = 0;
      server.fail({ status: 404 });
      await hasty.get(RESOURCE.configMap, KEY).catch(() => undefined);
      server.fail({ then: "hang" });
      await hasty.list(RESOURCE.pod).catch(() => undefined);
      assert.deepEqual(
        calls.map(({ verb, kind, status }) => [verb, kind, status]),
        [
          ["get", "ConfigMap", 404],
          ["list", "Pod", 0],
        ],
      );
    });

    it("writes so many at a time", async () => {
      const slow = server.client({ concurrentWrites: 2 });
      server.fail({ then: "slow", delayMs: 30, times: 6, verb: "create" });
      const from = server.requests.length;
      const all = ["a", "b", "c", "d", "e", "f"].map((name) => slow.create(RESOURCE.configMap, configMap(name)));
      await all[0];
      assert.ok(server.requests.length - from <= 4);
      await Promise.all(all);
      assert.equal(server.objects.list(RESOURCE.configMap).length, 6);
    });
  });

  describe("watches", () => {
    const watch = (resourceVersion = String(server.objects.version), signal?: AbortSignal) =>
      client.watch(RESOURCE.configMap, { resourceVersion, timeoutSeconds: 30, ...(signal ? { signal } : {}) });

    async function collect(events: AsyncIterable<WatchEvent>, into: string[]): Promise<void> {
      for await (const { type, object } of events) into.push(`${type} ${object.metadata.name}`);
    }

    it("tell what happens, and end when the server ends them", async () => {
      const seen: string[] = [];
      const done = collect(watch(), seen);
      await until(() => server.watches.size === 1);
      server.objects.put(RESOURCE.configMap, configMap("one"));
      server.objects.put(RESOURCE.configMap, configMap("one", { a: "ü".repeat(50) }));
      server.objects.delete(RESOURCE.configMap, KEY);
      server.watches.bookmark();
      await until(() => seen.length === 4);
      server.watches.end();
      await done;
      assert.deepEqual(seen, ["added one", "modified one", "deleted one", "bookmark undefined"]);
    });

    it("end with an error for lost history", async () => {
      const old = String(server.objects.version);
      server.objects.put(RESOURCE.configMap, configMap("one"));
      server.objects.compact();
      await assert.rejects(collect(watch(old), []), isApiError(410, "Expired"));
      server.fail({ then: "stream-error", status: 500, verb: "watch" });
      await assert.rejects(collect(watch(), []), isApiError(500, "InternalError"));
      server.fail({ status: 403, verb: "watch" });
      await assert.rejects(collect(watch(), []), isApiError(403, "Forbidden"));
    });

    for (const then of ["garbage", "cut-off", "hang"] as const) {
      it(`are unreachable: ${then}`, async () => {
        server.fail({ then, verb: "watch" });
        const { version } = server.objects;
        const options = { resourceVersion: String(version), timeoutSeconds: 30 };
        const events = (then === "hang" ? hasty : client).watch(RESOURCE.configMap, options);
        await assert.rejects(collect(events, []), ApiUnreachable);
      });
    }

    it("are cut off by the server and by the caller", async () => {
      const first = collect(watch(), []);
      await until(() => server.watches.size === 1);
      server.watches.cut();
      await assert.rejects(first, ApiUnreachable);
      const stop = new AbortController();
      const second = collect(watch(undefined, stop.signal), []);
      await until(() => server.watches.size === 1);
      stop.abort();
      await assert.rejects(second, ApiUnreachable);
      await until(() => server.watches.size === 0);
    });

    it("take no event without end", async () => {
      const done = collect(watch(), []);
      await until(() => server.watches.size === 1);
      server.watches.sendRaw("x".repeat(3_000));
      await assert.rejects(done, /longer than 2000 bytes/);
    });
  });
});

describe("credentials", () => {
  let server: Server;
  const seen: (string | undefined)[] = [];
  let valid = "";
  before(async () => {
    server = createServer((incoming, response) => {
      seen.push(incoming.headers.authorization);
      response.statusCode = incoming.headers.authorization === valid ? 200 : 401;
      response.end("{}");
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  });
  after(() => new Promise((closed) => server.close(closed)));

  it("are read again, once, when the server refuses them", async () => {
    let token = 1;
    const client = createApiClient({
      access: {
        server: `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix/`,
        credentials: (fresh = false) => {
          if (fresh) token = 2;
          return Promise.resolve({ headers: { authorization: `Bearer ${token}` }, tls: {} });
        },
      },
    });
    valid = "Bearer 2";
    await client.get(RESOURCE.configMap, KEY);
    valid = "Bearer 3";
    await assert.rejects(client.get(RESOURCE.configMap, KEY), isApiError(401, "Unauthorized"));
    assert.deepEqual(seen, ["Bearer 1", "Bearer 2", "Bearer 2", "Bearer 2"]);
    await client.close();
  });
});
