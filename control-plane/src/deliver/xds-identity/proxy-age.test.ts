import assert from "node:assert/strict";
import { test } from "node:test";
import { envoy } from "#proto/gen/discovery.js";
import { deltaCodec } from "../xds-server/discovery-messages.ts";
import type { XdsNode } from "../xds-server/node-view.ts";
import { tooOld } from "./proxy-age.ts";

const { DeltaDiscoveryRequest } = envoy.service.discovery.v3;
const ID = "sidecar~10.0.0.2~a.apps~apps.svc.cluster.local";

interface Claims {
  readonly id?: string;
  readonly agent?: string;
  readonly version?: readonly [major: number, minor: number];
  readonly istio?: string;
}

/** What a proxy says of itself, through the codec. */
function nodeOf({ id = ID, agent = "envoy", version, istio }: Claims): XdsNode {
  const [majorNumber, minorNumber] = version ?? [];
  const build = version && { version: { majorNumber: majorNumber ?? 0, minorNumber: minorNumber ?? 0, patch: 4 } };
  const fields = istio === undefined ? {} : { ISTIO_VERSION: { stringValue: istio } };
  const node = { id, metadata: { fields }, userAgentName: agent, ...(build && { userAgentBuildVersion: build }) };
  const bytes = DeltaDiscoveryRequest.encode({ node }).finish();
  return deltaCodec("").decode(bytes).node ?? assert.fail();
}

for (const [claims, verdict] of [
  [{ version: [1, 35] }, "a.apps: Envoy 1.35.4 is too old; Graphway works with Envoy 1.36 and newer"],
  [{ version: [0, 40] }, "a.apps: Envoy 0.40.4 is too old; Graphway works with Envoy 1.36 and newer"],
  [{ version: [1, 36] }, undefined],
  [{ version: [1, 41] }, undefined],
  [{ version: [2, 0] }, undefined],
  [{}, undefined],
  [{ agent: "grpc-node", version: [1, 14] }, undefined],
  [{ istio: "1.27.3" }, "a.apps: Istio 1.27.3 is too old; Graphway works with Istio 1.28 to 1.31"],
  [{ version: [1, 35], istio: "1.27.3" }, "a.apps: Istio 1.27.3 is too old; Graphway works with Istio 1.28 to 1.31"],
  [{ version: [1, 36], istio: "1.28.0" }, undefined],
  [{ istio: "1.40.0" }, undefined],
  [{ istio: "unknown" }, undefined],
  [
    { istio: `1.27.3-${"x".repeat(5000)}` },
    `a.apps: Istio 1.27.3-${"x".repeat(57)} is too old; Graphway works with Istio 1.28 to 1.31`,
  ],
  [{ istio: "1".repeat(1_000_000) }, undefined],
  [
    { id: "gateway~seldon-system~graphway-gateway~graphway-gateway-7", version: [1, 20] },
    "graphway-gateway-7.seldon-system: Envoy 1.20.4 is too old; Graphway works with Envoy 1.36 and newer",
  ],
  [
    { id: "x".repeat(5000), version: [1, 20] },
    `${"x".repeat(200)}: Envoy 1.20.4 is too old; Graphway works with Envoy 1.36 and newer`,
  ],
] as const satisfies readonly (readonly [Claims, string | undefined])[])
  test(`${JSON.stringify(claims).slice(0, 100)} is ${verdict === undefined ? "not " : ""}too old`, () => {
    assert.equal(tooOld(nodeOf(claims)), verdict);
  });
