import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../words.ts";
import { readControlPlane, readGateways, readReach, readSidecars } from "./choices.ts";

test("gateways are all, none or labels", () => {
  assert.equal(readGateways("all"), "all");
  assert.deepEqual(readGateways("istio=ingressgateway, app=mine"), { istio: "ingressgateway", app: "mine" });
  for (const wrong of ["", "ingress", "a=", "=b", "a=b=c"]) assert.throws(() => readGateways(wrong), UsageError, wrong);
});

test("sidecars are asked for, and have the ports of predictors unless others are named", () => {
  assert.deepEqual(readSidecars(false), {});
  assert.deepEqual(readSidecars(true), { sidecars: { ports: [8000, 5001] } });
  assert.deepEqual(readSidecars(true, ["80"]), { sidecars: { ports: [80] } });
  assert.throws(() => readSidecars(false, ["80"]), UsageError);
  for (const wrong of ["0", "x", "70000"]) assert.throws(() => readSidecars(true, [wrong]), UsageError, wrong);
});

test("the control plane is a namespace or an address", () => {
  assert.equal(readControlPlane("seldon-system"), "seldon-system");
  assert.deepEqual(readControlPlane("xds.example:443"), { host: "xds.example", port: 443 });
  for (const wrong of ["xds:", ":1", "xds:0"]) assert.throws(() => readControlPlane(wrong), UsageError, wrong);
});

test("how it is reached is the mesh's choice, ours, or ours by TLS", async () => {
  assert.equal(await readReach(undefined, undefined), undefined);
  assert.deepEqual(await readReach("cluster", undefined), { by: "cluster" });
  for (const [reach, file] of [
    ["both", undefined],
    ["mesh", import.meta.filename],
    [undefined, "no-such-file"],
  ] as const)
    await assert.rejects(readReach(reach, file), UsageError);
});
