import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SEES_ALL, type XdsConnection, type XdsNode } from "../xds-server/node-view.ts";
import { StreamRefused } from "../xds-server/stream-refused.ts";
import { roleOf, viewsByRole } from "./views-by-role.ts";

const named = (id: string): XdsNode => ({ id, cluster: "", metadata: {} });
const noHeader = (): undefined => undefined;

describe("views by the role of a node", () => {
  it("asks the view of the role with all that is known of the stream", () => {
    const asked: unknown[] = [];
    const viewFor = viewsByRole({
      sidecar: (...known) => {
        asked.push(...known);
        return SEES_ALL;
      },
    });
    const [node, connection] = [
      named("sidecar~x"),
      { address: "127.0.0.6", headers: () => [] } satisfies XdsConnection,
    ];
    assert.equal(viewFor(node, noHeader, connection), SEES_ALL);
    assert.deepEqual(asked, [node, noHeader, connection]);
  });

  it("sends away who claims a role that is not served, or none", () => {
    const told: string[] = [];
    const viewFor = viewsByRole({ gateway: () => SEES_ALL }, (id, reason) => told.push(`${id}: ${reason}`));
    for (const id of ["router~x", "nobody~x", "gateway", ""])
      assert.throws(() => viewFor(named(id), noHeader), StreamRefused);
    assert.deepEqual(told, [
      "router~x: nothing is served here to the role router",
      ...["nobody~x", "gateway", ""].map((id) => `${id}: nothing is served here to nodes without a known role`),
    ]);
    assert.equal(roleOf(named("gateway~a~b~c")), "gateway");
  });
});
