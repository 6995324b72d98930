import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { startFakeApiServer, type FakeApiServer } from "../../kubernetes-api/tests/fake-api-server.ts";
import { SteppedClock } from "../../kubernetes-api/tests/stepped-clock.ts";
import { createEventRecorder, type EventRecorder } from "./events.ts";

const OBJECT: KubernetesObject = {
  apiVersion: "machinelearning.seldon.io/v1",
  kind: "SeldonDeployment",
  metadata: { name: "iris", namespace: "models", uid: "u1", resourceVersion: "7" },
};
const NOTE = { type: "Normal", reason: "CreateService", message: 'Created Service "iris"' } as const;

describe("the event recorder", () => {
  let server: FakeApiServer;
  let recorder: EventRecorder;
  let clock: SteppedClock;
  const errors: unknown[] = [];
  before(async () => {
    server = await startFakeApiServer();
  });
  after(() => server.stop());
  beforeEach(() => {
    clock = new SteppedClock();
    const onError = (error: unknown) => errors.push(error);
    recorder = createEventRecorder({ client: server.client(), host: "pod-1", clock, onError });
  });
  afterEach(() => {
    errors.length = 0;
    server.heal();
    for (const { metadata } of events()) {
      server.objects.delete(RESOURCE.event, { namespace: "models", name: metadata.name });
    }
  });

  const events = () => server.objects.list(RESOURCE.event);

  it("records as Seldon's operator did", async () => {
    recorder.record(OBJECT, [NOTE]);
    await recorder.flush();
    const [event] = events();
    const { metadata, ...rest } = event ?? assert.fail();
    assert.match(metadata.name, /^iris\.[0-9a-f]+$/);
    assert.deepEqual(rest, {
      apiVersion: "v1",
      kind: "Event",
      involvedObject: { apiVersion: OBJECT.apiVersion, kind: OBJECT.kind, ...OBJECT.metadata },
      ...NOTE,
      count: 1,
      firstTimestamp: "2026-01-01T00:00:00Z",
      lastTimestamp: "2026-01-01T00:00:00Z",
      source: { component: "seldon-controller-manager", host: "pod-1" },
      reportingComponent: "seldon-controller-manager",
      reportingInstance: "pod-1",
    });
  });

  it("counts up what happens again", async () => {
    recorder.record(OBJECT, [NOTE, NOTE, { ...NOTE, reason: "Other" }]);
    await recorder.flush();
    await clock.advance(5_000);
    recorder.record(OBJECT, [NOTE]);
    await recorder.flush();
    const counts = events().map(({ reason, count, lastTimestamp }) => [reason, count, lastTimestamp]);
    assert.deepEqual(counts.sort(), [
      ["CreateService", 3, "2026-01-01T00:00:05Z"],
      ["Other", 1, "2026-01-01T00:00:00Z"],
    ]);
    assert.deepEqual([recorder.counters.created, recorder.counters.repeated], [2, 2]);
  });

  it("records anew what the server has forgotten", async () => {
    recorder.record(OBJECT, [NOTE]);
    await recorder.flush();
    const [{ metadata }] = events() as [KubernetesObject];
    server.objects.delete(RESOURCE.event, { namespace: "models", name: metadata.name });
    recorder.record(OBJECT, [NOTE]);
    await recorder.flush();
    assert.deepEqual([events().length, errors], [1, []]);
  });

  it("lets no object tell without end", async () => {
    const notes = Array.from({ length: 40 }, (_, i) => ({ ...NOTE, message: `${i}` }));
    recorder.record(OBJECT, notes);
    recorder.record({ ...OBJECT, metadata: { ...OBJECT.metadata, uid: "u2" } }, notes.slice(0, 2));
    await recorder.flush();
    assert.deepEqual([events().length, recorder.counters.dropped], [27, 15]);
    await clock.advance(300_000);
    recorder.record(OBJECT, notes.slice(0, 2));
    await recorder.flush();
    assert.equal(recorder.counters.dropped, 16);
  });

  it("cuts what is too long, and goes on after failures", async () => {
    server.fail({ status: 500, verb: "create" });
    recorder.record(OBJECT, [NOTE, { ...NOTE, message: "x".repeat(5_000) }]);
    await recorder.flush();
    assert.deepEqual([errors.length, recorder.counters.failed], [1, 1]);
    assert.equal(String(events()[0]?.["message"]).length, 1_024);
  });
});
