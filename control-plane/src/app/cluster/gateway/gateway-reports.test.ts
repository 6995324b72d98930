import assert from "node:assert/strict";
import { it } from "node:test";
import { systemClock } from "../../../kubernetes-api/clock.ts";
import { problem } from "../../../problem/problem.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import { createGatewayReports } from "./gateway-reports.ts";

it("tells deployments what could not be rendered for them, as warnings, when it changes", async (t) => {
  const told: (readonly string[])[] = [];
  let wake = Promise.withResolvers<undefined>();
  const reports = createGatewayReports({
    clock: systemClock,
    tellMs: 1,
    onChange: (keys) => {
      told.push(keys);
      wake.resolve(undefined);
    },
  });
  t.after(() => {
    reports.stop();
  });
  const nothing = { deployments: [], shared: [] };
  const full = problem("FilterTableFull", { object: "ns/a", message: "the filter's table is full" });
  reports.rendered(nothing, [full]);
  await wake.promise;
  assert.deepEqual(told, [["ns/a"]]);
  assert.deepEqual(
    reports.problemsOf("ns/a").map(({ code, severity }) => [code, severity]),
    [["FilterTableFull", "warning"]],
  );
  assert.deepEqual(reports.problemsOf("ns/b"), []);
  wake = Promise.withResolvers();
  reports.rendered(nothing, [full, problem("TooManyShadows", { object: "ns/b", message: "too many" })]);
  await wake.promise;
  assert.deepEqual(told.at(-1), ["ns/b"], "ns/a has nothing new to say");
  wake = Promise.withResolvers();
  reports.rendered(nothing, []);
  await wake.promise;
  assert.deepEqual(reports.problemsOf("ns/a"), []);
});

it("tells of a gateway that is too old, for as long as it is connected", (t) => {
  const reports = createGatewayReports({ clock: systemClock, onChange: () => undefined });
  t.after(() => {
    reports.stop();
  });
  reports.rendered({ deployments: [{ key: "ns/a", plan: {}, own: [] }], shared: [] }, []);
  const node = { id: "gateway~edge~graphway-gateway~pod-1", cluster: "", metadata: {}, envoyVersion: "1.30.1" };
  const peer = { stream: 1, node, method: "" };
  reports.onEvent({ peer, kind: "subscribe", typeUrl: TYPE.cluster, wildcard: true, names: [] });
  const [old, ...others] = reports.problemsOf("ns/a");
  assert.deepEqual(others, []);
  assert.equal(`${old?.code} ${old?.severity} ${old?.path}`, "EnvoyTooOld warning spec");
  assert.match(old?.message ?? "", /pod-1\.edge: Envoy 1\.30\.1 is too old; Graphway works with Envoy 1\.36 and newer/);
  assert.deepEqual(reports.problemsOf("ns/b"), [], "it serves nobody else");
  reports.onEvent({ peer, kind: "disconnect" });
  assert.deepEqual(reports.problemsOf("ns/a"), []);
});
