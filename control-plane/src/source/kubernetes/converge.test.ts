import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { startFakeApiServer, type FakeApiServer } from "../../kubernetes-api/tests/fake-api-server.ts";
import type { Fault } from "../../kubernetes-api/tests/fake-faults.ts";
import { until } from "../../kubernetes-api/tests/until.ts";
import { startReflector, type Reflector } from "./reflector.ts";

const TYPE = RESOURCE.configMap;

type Step =
  | { readonly do: "write"; readonly name: string; readonly value: number; readonly told: boolean }
  | { readonly do: "delete" | "tell-late" | "haunt"; readonly name: string }
  | { readonly do: "compact" | "bookmark" | "cut" | "end" | "freeze" | "disconnect" | "breathe" }
  | { readonly do: "fail"; readonly verb: "list" | "watch"; readonly fault: Fault };

const names = fc.constantFrom("a", "b", "c");
const faults: fc.Arbitrary<Fault> = fc.constantFrom(
  { status: 500 },
  { status: 410 },
  { status: 429 },
  { status: 404 },
  { then: "reset" },
  { then: "lose-answer" },
  { then: "cut-off" },
  { then: "garbage" },
  { then: "half-open" },
  { then: "stream-error", status: 410 },
  { then: "stream-error", status: 500 },
  { then: "slow", delayMs: 3 },
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("write"), name: names, value: fc.nat(3), told: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("delete"), name: names }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("tell-late"), name: names }) },
  { weight: 2, arbitrary: fc.constant({ do: "breathe" } as const) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("haunt"), name: names }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("compact", "bookmark", "cut", "end", "freeze", "disconnect"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("fail"), verb: fc.constantFrom("list", "watch"), fault: faults }),
  },
);

/** Objects by name, as text. */
function picture(objects: Iterable<KubernetesObject>): string {
  const rows = [...objects].map(({ metadata, data }) => [metadata.name, metadata.resourceVersion, metadata.uid, data]);
  return JSON.stringify(rows.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}

describe("whatever happens", () => {
  let server: FakeApiServer;
  before(async () => {
    server = await startFakeApiServer();
  });
  after(() => server.stop());

  async function take(step: Step, reflector: Reflector, past: Map<string, KubernetesObject>): Promise<void> {
    const key = "name" in step ? { namespace: "default", name: step.name } : { namespace: "", name: "" };
    switch (step.do) {
      case "write": {
        const metadata = { ...key, ...(step.value === 3 ? { ownerReferences: [OWNER] } : {}) };
        const made = server.objects.put(TYPE, {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata,
          data: { v: step.value },
        });
        past.set(key.name, made);
        if (step.told) reflector.put(made);
        return;
      }
      case "delete":
        if (server.objects.get(TYPE, key) !== undefined) server.objects.delete(TYPE, key);
        return;
      case "tell-late": {
        const written = past.get(key.name);
        if (written !== undefined) reflector.put(written);
        return;
      }
      case "fail":
        server.fail({ ...step.fault, verb: step.verb });
        return;
      case "breathe":
        return rest(5);
      case "haunt":
        return haunt(key.name, reflector);
      case "disconnect":
        server.disconnect();
        return;
      case "compact":
        server.objects.compact();
        return;
      case "bookmark":
      case "cut":
      case "end":
      case "freeze":
        server.watches[step.do]();
    }
  }

  /** A write is told of after its object was deleted, and the deletion perhaps seen. */
  async function haunt(name: string, reflector: Reflector): Promise<void> {
    const key = { namespace: "default", name };
    const made = server.objects.put(TYPE, { apiVersion: "v1", kind: "ConfigMap", metadata: key, data: { v: "ghost" } });
    await rest(8);
    server.objects.delete(TYPE, key);
    await rest(8);
    reflector.put(made);
  }

  it("the cache comes to hold what the server holds, and its events tell the same story", async () => {
    const client = server.client({ callTimeoutMs: 2_000 });
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 25 }), async (script) => {
        const reflector = startReflector({
          client,
          type: TYPE,
          settings: { backOff: { firstMs: 1, longestMs: 4 }, idleMs: 40, unservedCheckMs: 4, pageSize: 2 },
        });
        const replayed = new Map<string, KubernetesObject>();
        const lies: string[] = [];
        reflector.onChange(({ name }, object, was) => {
          if (replayed.get(name) !== was) lies.push(`${name} was not what it is said to have been`);
          if (object === undefined) replayed.delete(name);
          else replayed.set(name, object);
        });
        const past = new Map<string, KubernetesObject>();
        for (const step of script) await take(step, reflector, past);
        server.heal();
        const wanted = picture(server.objects.list(TYPE));
        await until(() => picture(reflector.list()) === wanted, { saw: () => [wanted, picture(reflector.list())] });
        assert.equal(picture(replayed.values()), wanted);
        assert.deepEqual(lies, []);
        const owned = server.objects.list(TYPE).filter(({ metadata }) => metadata.ownerReferences?.length);
        assert.equal(picture(reflector.ownedBy(OWNER.uid)), picture(owned));
        reflector.stop();
        await reflector.stopped;
      }),
      { numRuns: 60, interruptAfterTimeLimit: 20_000 },
    );
  });
});

function rest(ms: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, ms));
}

const OWNER = { apiVersion: "v1", kind: "X", name: "x", uid: "owner", controller: true };
