import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { enginePredictorOf, type PodTemplate } from "../../../deliver/rollout/pod-template.ts";
import { openStream } from "../../../deliver/xds-server/client-for-tests.ts";
import { XDS_METHODS } from "../../../deliver/xds-server/services.ts";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import type { FakeRequest } from "../../../kubernetes-api/tests/fake-faults.ts";
import { until } from "../../../kubernetes-api/tests/until.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import { hashOfEnginePredictor } from "../graph-shelf.ts";
import { NAMESPACE, startFaultyCluster, type FaultyCluster, type Victim } from "./faulty-cluster-for-tests.ts";
import { STORY } from "./story-for-tests.ts";
import { undoAfterEach } from "./undo-for-tests.ts";

const WRITE_VERBS: ReadonlySet<string> = new Set(["apply", "patch", "delete", "replace", "create"]);
/** By a clock that is four times as fast: a lease of 2 s, renewed every 250 ms. */
const TIMES = [
  "--enable-leader-election",
  "--leader-election-lease-duration-secs=8",
  "--leader-election-renew-deadline-secs=6",
  "--leader-election-retry-period-secs=1",
];
const LEASE_MS = 2000;

const undo = undoAfterEach();

function startOne(here: FaultyCluster, podName: string): Promise<Victim> {
  return here.start({ args: [...TIMES, "--xds-auth=none"], podName, factor: 4, callTimeoutMs: 5_000 });
}

function holder({ api }: FaultyCluster): string {
  const [lease] = api.objects.list(RESOURCE.lease, NAMESPACE);
  return ((lease?.["spec"] ?? {}) as { readonly holderIdentity?: string }).holderIdentity ?? "";
}

/** Events only tell of what was done before. */
const isWork = ({ verb, kind }: FakeRequest): boolean => WRITE_VERBS.has(verb) && kind !== "Lease" && kind !== "Event";

/** Who asks for one graph, and is told of every version. */
function subscribe({ api }: FaultyCluster, { controlPlane }: Victim): ReturnType<typeof openStream> {
  const method = XDS_METHODS.find((one) => one.method === "DeltaAggregatedResources");
  assert.ok(method);
  const stream = openStream(controlPlane.xdsAddress.replace("0.0.0.0", "127.0.0.1"), method);
  undo.push(() => {
    stream.close();
  });
  const deployment = api.objects.get(RESOURCE.deployment, { namespace: NAMESPACE, name: "iris-main-0-classifier" });
  const { template } = (deployment?.["spec"] ?? {}) as { readonly template: PodTemplate };
  const hash = hashOfEnginePredictor(enginePredictorOf(template) ?? "");
  const metadata = { fields: { ENGINE_PREDICTOR_SHA256: { stringValue: hash } } };
  stream.send({
    node: { id: "orchestrator~models~iris~main", metadata },
    typeUrl: TYPE.inferenceGraph,
    resourceNamesSubscribe: ["models/iris/main"],
  });
  return stream;
}

describe("two control planes", () => {
  it("have one that writes; when it can't renew its lease in the middle of a write, it writes nothing more", async () => {
    const here = await undo.stopping(startFaultyCluster());
    const first = await startOne(here, "first");
    await until(() => holder(here).startsWith("first_"));
    const second = await startOne(here, "second");
    here.tell("iris", STORY[0] ?? assert.fail());
    await here.settled("iris");
    const streams = [subscribe(here, first), subscribe(here, second)];
    for (const stream of streams) stream.ack(await stream.received(1));

    // On a slow machine either may lead by now. Its renewals get lost, and what it writes takes longer than its lease lasts.
    const [leader, follower] = holder(here).startsWith("first_") ? ["first", "second"] : ["second", "first"];
    const isLeaders = ({ headers }: FakeRequest): boolean => headers["x-process"] === leader;
    const isLosing = (request: FakeRequest): boolean => isLeaders(request) && request.kind === "Lease";
    const isSlow = (request: FakeRequest): boolean => isLeaders(request) && isWork(request);
    here.api.fail({ then: "slow", delayMs: 2 * LEASE_MS, when: isSlow, times: 1 });
    here.api.fail({ then: "reset", when: isLosing, times: Infinity });
    const before = here.api.requests.length;
    here.tell("iris", STORY[1] ?? assert.fail());
    await until(() => here.api.requests.slice(before).some(isSlow));
    await until(() => holder(here).startsWith(`${follower}_`), { saw: () => holder(here) });
    const taken = here.api.requests.length;
    await here.settled("iris");
    await new Promise((resume) => setTimeout(resume, LEASE_MS));
    const late = here.api.requests.slice(taken).filter(isSlow);
    assert.deepEqual(
      late.map(({ verb, kind, name }) => `${verb} ${kind} ${name}`),
      [],
    );
    assert.deepEqual(here.controllers.faults, []);

    // Both serve graphs all the time, the one that does not lead too.
    here.tell("iris", { title: "log payloads", spec: withLogger(STORY[1]?.spec) });
    await Promise.all(streams.map((stream) => untilTold(stream, /logger\.example\.com/)));

    // It gets well, and does not take the lease from the other, who gives it back in the end.
    here.api.heal();
    const [loser, winner] = leader === "first" ? [first, second] : [second, first];
    await until(() => loser.log.some(({ msg }) => msg.includes("another replica may write")));
    assert.ok(holder(here).startsWith(`${follower}_`));
    await winner.stop();
    await until(() => holder(here).startsWith(`${leader}_`));
    here.tell("iris", STORY[0] ?? assert.fail());
    await here.settled("iris");
  });
});

async function untilTold(stream: ReturnType<typeof openStream>, of: RegExp): Promise<void> {
  for (let count = 2; ; count++) {
    const response = await stream.received(count);
    stream.ack(response);
    if (response.bodies.some((body) => of.test(body))) return;
  }
}

function withLogger(spec: object | undefined): object {
  const { predictors = [] } = (spec ?? {}) as { readonly predictors?: readonly { readonly graph: object }[] };
  const logger = { mode: "all", url: "http://logger.example.com" };
  return { ...spec, predictors: predictors.map((one) => ({ ...one, graph: { ...one.graph, logger } })) };
}
