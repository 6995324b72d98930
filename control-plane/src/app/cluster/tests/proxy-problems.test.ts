import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RouteTable } from "#proto/route-table/model.ts";
import type { TestStream } from "../../../deliver/xds-server/client-for-tests.ts";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import { until } from "../../../kubernetes-api/tests/until.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { PolicyStatus } from "../policy-status.ts";
import { predictorOf, startTestCluster, type TestCluster } from "./cluster-for-tests.ts";
import { askAsProxy, tableIn } from "./mesh-cluster-for-tests.ts";
import { undoAfterEach } from "./undo-for-tests.ts";

const undo = undoAfterEach();

const TWO = { predictors: [predictorOf("main", 75), predictorOf("canary", 25, "model:2")] };
const GATEWAY = "router~10.0.0.1~gw-1.istio-system~istio-system.svc.cluster.local";
const POLICY = { namespace: "models", name: "users" };
/** Room for a deployment with few rules. */
const SMALL = "--max-table-bytes=2000";

/** A policy by which users stay where they are, and so many long rules. */
function put({ api }: TestCluster, sticky: string, rules: number): void {
  const { apiVersion, kind } = RESOURCE.routePolicy;
  api.objects.put(RESOURCE.routePolicy, {
    ...api.objects.get(RESOURCE.routePolicy, POLICY),
    apiVersion,
    kind,
    metadata: { ...api.objects.get(RESOURCE.routePolicy, POLICY)?.metadata, ...POLICY },
    spec: {
      targetRef: { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: "iris" },
      sticky: { header: `x-${sticky}` },
      rules: Array.from({ length: rules }, (_, index) => ({
        match: { headers: [{ name: "x-team", exact: `${index}${"x".repeat(800)}` }] },
        predictor: "canary",
      })),
    },
  });
}

interface Said {
  readonly policy: string;
  readonly deployment: string;
}

/** What both say of `Programmed`, in one line each. */
function programmed({ api, ...here }: TestCluster): Said {
  const found = api.objects.get(RESOURCE.routePolicy, POLICY)?.["status"] as PolicyStatus | undefined;
  const line = (conditions: readonly object[] = []): string => {
    const one = conditions.find((condition) => "type" in condition && condition.type === "Programmed");
    const { status: is = "", reason = "", message = "" } = (one ?? {}) as Readonly<Record<string, string>>;
    return `${is}/${reason} ${message}`;
  };
  return { policy: line(found?.ancestors[0]?.conditions), deployment: line(here.status().conditions) };
}

function isSaidByBoth(here: TestCluster, words: RegExp): boolean {
  const { policy, deployment } = programmed(here);
  return words.test(policy) && words.test(deployment);
}

async function bothSay(here: TestCluster, words: RegExp): Promise<void> {
  await until(() => isSaidByBoth(here, words), { saw: () => programmed(here) });
}

/** A gateway's Envoy of this minor version that takes every table, but those that `refuses` names. */
function follow(plane: ControlPlane, envoyMinor = 40, refuses: (table: RouteTable) => boolean = () => false) {
  const stream: TestStream = askAsProxy(plane, GATEWAY, "graphway.gateway", {}, envoyMinor);
  const taken: RouteTable[] = [];
  let answered = 0;
  const answer = (): void => {
    for (const response of stream.responses.slice(answered)) {
      answered += 1;
      const [bytes] = response.bytes;
      if (bytes === undefined) continue;
      const table = tableIn(bytes);
      if (refuses(table)) stream.ack(response, "Unable to create Wasm plugin");
      else {
        taken.push(table);
        stream.ack(response);
      }
    }
  };
  const timer = setInterval(answer, 10);
  const close = (): void => {
    clearInterval(timer);
    stream.close();
  };
  undo.push(close);
  const keyOf = (): string => {
    const entry = taken.at(-1)?.deployments.find(({ key }) => key === "models/iris");
    return entry === undefined ? "none" : `${entry.stickyKeys[0]?.name ?? ""} ${entry.rules.length}`;
  };
  return { close, keyOf };
}

async function started(...args: readonly string[]): Promise<{ here: TestCluster; plane: ControlPlane }> {
  const here = await undo.stopping(startTestCluster());
  here.apply(TWO);
  put(here, "user", 0);
  const plane = await here.start(args);
  await until(() => here.isSettled());
  return { here, plane };
}

describe("what proxies cannot go by, on policy and deployment", () => {
  it("a table without room: the version before goes on, until there is room", async () => {
    const { here, plane } = await started(SMALL);
    const gateway = follow(plane);
    await bothSay(here, /^True\/Programmed /);
    assert.equal(gateway.keyOf(), "x-user 0");
    put(here, "team", 5);
    await bothSay(
      here,
      /^False\/FilterTableFull spec: the filter's table is full at 2000 bytes; its version before stays in force \(split the deployments/,
    );
    assert.equal(gateway.keyOf(), "x-user 0");
    assert.equal(here.status().state, "Available");
    put(here, "team", 1);
    await bothSay(here, /^True\/Programmed /);
    assert.equal(gateway.keyOf(), "x-team 1");
  });

  it("and where there was none before, Istio's weighted routes serve", async () => {
    const here = await undo.stopping(startTestCluster());
    here.apply(TWO);
    put(here, "team", 5);
    const plane = await here.start([SMALL]);
    const gateway = follow(plane);
    await bothSay(here, /^False\/FilterTableFull spec: .*; Envoy's weighted routes serve it \(/);
    assert.equal(gateway.keyOf(), "none");
    put(here, "team", 1);
    await bothSay(here, /^True\/Programmed /);
    assert.equal(gateway.keyOf(), "x-team 1");
  });

  it("an Envoy that is too old: it keeps what it took last, until it is renewed", async () => {
    const { here, plane } = await started();
    const old = follow(plane, 30, (table) => table.deployments.some(({ rules }) => rules.length > 0));
    const words =
      /^False\/EnvoyTooOld spec: proxies are too old for its routes: gw-1.istio-system: Envoy 1.30.0 is too old; Graphway works with Envoy 1.36 and newer \(renew the proxy/;
    await bothSay(here, words);
    await until(() => old.keyOf() === "x-user 0", { saw: old.keyOf });
    put(here, "user", 1);
    const accepted = (): string => here.status().conditions?.find((one) => one.type === "Accepted")?.message ?? "";
    await until(() => accepted().includes("Unable to create Wasm plugin"), { saw: accepted });
    await bothSay(here, words);
    assert.equal(old.keyOf(), "x-user 0");
    const renewed = follow(plane);
    await until(() => renewed.keyOf() === "x-user 1", { saw: renewed.keyOf });
    old.close();
    await bothSay(here, /^True\/Programmed /);
  });
});
