import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readGateways } from "./read-gateways.ts";
import { unreached } from "./unreached.ts";

const FACTS = { hasCertificate: () => false, labelsOf: () => ({ team: "a" }), besideIstio: false };
const ALL = { namespaces: { from: "All" } };
const iris = { key: "models/iris", namespace: "models", hosts: ["iris.example"], gateways: ["istio-system/default"] };

function gateways(...listeners: readonly object[]) {
  const metadata = { name: "a", namespace: "ns", creationTimestamp: "2026-01-01T00:00:00Z" };
  const object = { apiVersion: "gateway.networking.k8s.io/v1", kind: "Gateway", metadata, spec: { listeners } };
  return readGateways([object], new Set());
}

describe("a deployment that no listener lets in", () => {
  const cases: readonly (readonly [string, readonly object[], RegExp | undefined])[] = [
    [
      "no Gateway's listener allows its namespace",
      [{ name: "l", port: 80, protocol: "HTTP" }],
      /allow namespace models/,
    ],
    ["hosts differ", [{ name: "l", port: 80, protocol: "HTTP", hostname: "*.other", allowedRoutes: ALL }], /\*\.other/],
    ["it is not served", [{ name: "l", port: 80, protocol: "TCP", allowedRoutes: ALL }], /protocol TCP/],
    [
      "it has no certificate",
      [{ name: "l", port: 443, protocol: "HTTPS", tls: { certificateRefs: [{ name: "c" }] }, allowedRoutes: ALL }],
      /no certificate/,
    ],
    ["there is none", [], /have none/],
    [
      "another one lets it in",
      [
        { name: "l", port: 80, protocol: "TCP" },
        { name: "m", port: 81, protocol: "HTTP", hostname: "*.example", allowedRoutes: ALL },
      ],
      undefined,
    ],
  ];
  for (const [why, listeners, said] of cases)
    it(`${said === undefined ? "is none where" : "is told why:"} ${why}`, () => {
      const [problem, ...more] = unreached(gateways(...listeners), [iris], FACTS);
      assert.deepEqual(more, []);
      if (said === undefined) assert.equal(problem, undefined);
      else assert.match(problem?.message ?? "", said);
      assert.equal(problem?.object ?? "models/iris", "models/iris");
    });

  it("may be meant for Istio's gateways, unless it names one of ours", () => {
    const here = gateways({ name: "l", port: 80, protocol: "HTTP" });
    const facts = { ...FACTS, besideIstio: true };
    assert.deepEqual(unreached(here, [iris], facts), []);
    assert.equal(unreached(here, [{ ...iris, gateways: ["ns/a"] }], facts).length, 1);
  });

  it("is told in few words, whatever the number of listeners", () => {
    const many = Array.from({ length: 60 }, (_, at) => ({ name: `l${String(at)}`, port: 8100 + at, protocol: "HTTP" }));
    const [problem] = unreached(gateways(...many), [iris], FACTS);
    assert.match(problem?.message ?? "", /l3 of ns\/a .*; and 56 more$/);
  });

  it("does not exist without Gateways", () => {
    assert.deepEqual(unreached([], [iris], FACTS), []);
  });
});
