import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { ApiError, ApiUnreachable } from "../../kubernetes-api/api-client.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE, type ResourceType } from "../../kubernetes-api/resource-types.ts";
import { Refusal, startFakeApiServer, type FakeApiServer } from "../../kubernetes-api/tests/fake-api-server.ts";
import { until } from "../../kubernetes-api/tests/until.ts";
import { startReflector, type Reflector } from "../../source/kubernetes/reflector.ts";
import type { Write } from "../rollout/rollout-step.ts";
import { createWriter, NotLeading, type Writer } from "./writer.ts";

const TYPE = RESOURCE.service;

function service(name: string, port = 80): KubernetesObject {
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "default" }, spec: { port } };
}

function apply(name: string, port?: number): Write {
  return { kind: "apply", type: TYPE, object: service(name, port) };
}

function key(name: string) {
  return { namespace: "default", name };
}

describe("the writer", () => {
  let server: FakeApiServer;
  let services: Reflector;
  let writer: Writer;
  let leads = true;
  before(async () => {
    server = await startFakeApiServer({
      admit: ({ object }) => {
        if (object.metadata.name === "bad") throw new Refusal(422, "Invalid", "spec.port: too bad");
        if (object.metadata.name !== "leaving") return;
        throw new Refusal(403, "Forbidden", "being terminated", [{ reason: "NamespaceTerminating" }]);
      },
    });
  });
  after(() => server.stop());
  afterEach(async () => {
    services.stop();
    await services.stopped;
  });
  beforeEach(async () => {
    leads = true;
    server.heal();
    for (const { metadata } of server.objects.list(TYPE)) server.objects.delete(TYPE, key(metadata.name));
    // One call is never answered; the others are, on a busy machine too.
    const client = server.client({ callTimeoutMs: 5_000 });
    services = startReflector({ client, type: TYPE });
    await services.synced;
    writer = createWriter({
      client,
      cacheOf: (type) => (type === TYPE ? services : undefined),
      mayWrite: () => leads,
    });
  });

  it("does the writes in their order, and its caches know at once", async () => {
    const from = server.requests.length;
    assert.deepEqual(await writer.perform([apply("a"), apply("b"), apply("a", 81)]), { done: 3 });
    const writes = server.requests.slice(from).filter(({ verb }) => verb === "apply");
    assert.deepEqual(
      writes.map(({ name, query }) => [name, query.get("fieldManager"), query.get("force")]),
      ["a", "b", "a"].map((name) => [name, "graphway", "true"]),
    );
    assert.deepEqual(services.get(key("a"))?.["spec"], { port: 81 });
  });

  it("counts what changed nothing", async () => {
    await writer.perform([apply("a")]);
    await writer.perform([apply("a")]);
    assert.deepEqual([writer.counters.applied, writer.counters.unchanged], [{ Service: 2 }, { Service: 1 }]);
  });

  it("applies under another name where it is told to", async () => {
    const write = { ...apply("a"), fieldManager: "graphway-adopt" } as Write;
    await writer.perform([write]);
    assert.equal(server.requests.findLast(({ verb }) => verb === "apply")?.query.get("fieldManager"), "graphway-adopt");
  });

  it("deletes the object that is meant, and no other of its name", async () => {
    const old = server.objects.put(TYPE, service("a"));
    const remove = (uid: string, more: object = {}): Write => {
      return { kind: "delete", type: TYPE, key: key("a"), uid, ...more };
    };
    const propagation = (): string => {
      const { body } = server.requests.findLast(({ verb }) => verb === "delete") ?? assert.fail();
      return (body as { readonly propagationPolicy: string }).propagationPolicy;
    };
    assert.equal((await writer.perform([remove("other")])).failed?.why, "changed");
    assert.deepEqual(await writer.perform([remove(old.metadata.uid ?? ""), remove(old.metadata.uid ?? "")]), {
      done: 2,
    });
    assert.equal(server.objects.get(TYPE, key("a")), undefined);
    assert.equal(propagation(), "Foreground");
    await writer.perform([remove(old.metadata.uid ?? "", { atOnce: true })]);
    assert.equal(propagation(), "Background");
  });

  it("patches; what is gone needs no patch, and a test that fails is a change", async () => {
    server.objects.put(TYPE, service("a"));
    const patch = (name: string, change: Extract<Write, { kind: "patch" }>["patch"]): Write => {
      return { kind: "patch", type: TYPE, key: key(name), patch: change };
    };
    const writes = [patch("none", {}), patch("a", { spec: { port: 90 } })];
    assert.deepEqual(await writer.perform(writes), { done: 2 });
    assert.deepEqual([services.get(key("a"))?.["spec"], writer.counters.patched], [{ port: 90 }, { Service: 1 }]);
    const report = await writer.perform([patch("a", [{ op: "test", path: "/spec/port", value: 1 }])]);
    assert.equal(report.failed?.why, "changed");
  });

  const failures = [
    { name: "a", fault: { status: 409 }, why: "changed", error: ApiError },
    { name: "a", fault: { status: 404 }, why: "gone", error: ApiError },
    { name: "leaving", fault: undefined, why: "gone", error: ApiError },
    { name: "bad", fault: undefined, why: "refused", error: ApiError },
    { name: "a", fault: { status: 403 }, why: "refused", error: ApiError },
    { name: "a", fault: { status: 429, retryAfterSeconds: 1 }, why: "later", error: ApiError },
    { name: "a", fault: { status: 500 }, why: "later", error: ApiError },
    { name: "a", fault: { then: "lose-answer" }, why: "later", error: ApiUnreachable },
    { name: "a", fault: { then: "hang" }, why: "later", error: ApiUnreachable },
  ] as const;
  for (const { name, fault, why, error } of failures) {
    it(`says why a write fails, and goes on only after a refusal: ${name}, ${JSON.stringify(fault)}`, async () => {
      if (fault !== undefined) server.fail({ ...fault, name });
      const report = await writer.perform([apply("first"), apply(name), apply("last")]);
      const goesOn = why === "refused";
      assert.deepEqual([report.done, report.failed?.why], [goesOn ? 2 : 1, why]);
      assert.ok(report.failed?.error instanceof error);
      assert.equal(server.objects.get(TYPE, key("last")) !== undefined, goesOn);
      assert.deepEqual(writer.counters.failed, { Service: 1 });
    });
  }

  describe("after a refusal", () => {
    const route: Write = {
      kind: "apply",
      type: RESOURCE.virtualService,
      object: {
        apiVersion: RESOURCE.virtualService.apiVersion,
        kind: "VirtualService",
        metadata: { name: "route", namespace: "default" },
      },
    };
    const cases = [
      { refused: TYPE, goesOn: false },
      { refused: RESOURCE.destinationRule, goesOn: false },
      { refused: RESOURCE.deployment, goesOn: true },
      { refused: RESOURCE.podDisruptionBudget, goesOn: true },
    ];
    for (const { refused, goesOn } of cases) {
      it(`of a ${refused.kind} routes and deletions ${goesOn ? "go on" : "wait"}`, async () => {
        const old = server.objects.put(TYPE, service("old"));
        for (const one of server.objects.list(RESOURCE.virtualService))
          server.objects.delete(RESOURCE.virtualService, key(one.metadata.name));
        const bad = { ...service("bad"), apiVersion: refused.apiVersion, kind: refused.kind };
        const report = await writer.perform([
          { kind: "apply", type: refused, object: bad },
          apply("next"),
          route,
          { kind: "delete", type: TYPE, key: key("old"), uid: old.metadata.uid ?? "" },
        ]);
        assert.equal(report.failed?.why, "refused");
        assert.notEqual(server.objects.get(TYPE, key("next")), undefined);
        assert.equal(server.objects.get(RESOURCE.virtualService, key("route")) !== undefined, goesOn);
        assert.equal(server.objects.get(TYPE, key("old")) === undefined, goesOn);
      });
    }
  });

  describe("where an admission webhook is away", () => {
    const hookAway = { status: 500, message: 'Internal error occurred: failed calling webhook "validation.istio.io"' };
    const object = (type: ResourceType, name: string): KubernetesObject => {
      return { ...service(name), apiVersion: type.apiVersion, kind: type.kind };
    };
    const write = (type: ResourceType, name: string): Write => ({ kind: "apply", type, object: object(type, name) });

    it("of the path, only what is new beside it is written, and nobody is asked twice", async () => {
      const old = server.objects.put(TYPE, service("old"));
      await until(() => services.get(key("old")) !== undefined);
      server.fail({ ...hookAway, name: "rule" });
      const from = server.requests.length;
      const report = await writer.perform([
        write(RESOURCE.destinationRule, "rule"),
        write(RESOURCE.destinationRule, "other-rule"),
        apply("new"),
        apply("old", 81),
        write(RESOURCE.virtualService, "route"),
        { kind: "delete", type: TYPE, key: key("old"), uid: old.metadata.uid ?? "" },
      ]);
      assert.deepEqual(
        [report.done, report.failed?.why, report.failed?.write.type.kind],
        [1, "later", "DestinationRule"],
      );
      const asked = server.requests.slice(from).filter(({ verb }) => verb !== "watch" && verb !== "list");
      assert.deepEqual(
        asked.map(({ name }) => name),
        ["rule", "new"],
      );
    });

    it("of anything else, only that kind waits", async () => {
      server.fail({ ...hookAway, name: "budget" });
      const report = await writer.perform([
        write(RESOURCE.podDisruptionBudget, "budget"),
        apply("a"),
        apply("a", 81),
        write(RESOURCE.podDisruptionBudget, "other"),
      ]);
      assert.deepEqual([report.done, report.failed?.why], [2, "later"]);
    });
  });

  it("writes nothing for a process that no longer leads", async () => {
    leads = false;
    const { done, failed } = await writer.perform([apply("a")]);
    assert.deepEqual([done, failed?.why], [0, "later"]);
    assert.ok(failed?.error instanceof NotLeading);
    assert.equal(server.objects.get(TYPE, key("a")), undefined);
  });
});
