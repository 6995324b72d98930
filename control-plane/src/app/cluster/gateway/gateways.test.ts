import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubernetesObject } from "../../../kubernetes-api/object.ts";
import { attachments, portsOf } from "./gateway-ports.ts";
import { gatewayStatus } from "./gateway-status.ts";
import { readGateways } from "./read-gateways.ts";

function gateway(name: string, listeners: readonly object[], createdAt = "2026-01-01T00:00:00Z"): KubernetesObject {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name, namespace: "ns", generation: 3, creationTimestamp: createdAt },
    spec: { gatewayClassName: "graphway", listeners },
  };
}

const HTTP = { name: "http", port: 80, protocol: "HTTP" };
const https = (name: string, secret: string, hostname?: string): object => ({
  name,
  port: 443,
  protocol: "HTTPS",
  tls: { certificateRefs: [{ name: secret }] },
  ...(hostname === undefined ? {} : { hostname }),
});
const plan = (key: string, gateways: readonly string[] = ["istio-system/seldon-gateway"]) => ({ key, gateways });
const NONE: ReadonlySet<number> = new Set();

describe("listeners of Gateways", () => {
  const refused: readonly (readonly [string, object, string, string])[] = [
    ["TCP", { name: "l", port: 80, protocol: "TCP" }, "Accepted", "UnsupportedProtocol"],
    ["UDP", { name: "l", port: 80, protocol: "UDP" }, "Accepted", "UnsupportedProtocol"],
    ["TLS", { name: "l", port: 80, protocol: "TLS", tls: { mode: "Passthrough" } }, "Accepted", "UnsupportedProtocol"],
    [
      "passthrough",
      { name: "l", port: 443, protocol: "HTTPS", tls: { mode: "Passthrough" } },
      "Accepted",
      "UnsupportedProtocol",
    ],
    [
      "HTTPS without a certificate",
      { name: "l", port: 443, protocol: "HTTPS" },
      "ResolvedRefs",
      "InvalidCertificateRef",
    ],
    [
      "a certificate that is no Secret",
      { name: "l", port: 443, protocol: "HTTPS", tls: { certificateRefs: [{ kind: "ConfigMap", name: "c" }] } },
      "ResolvedRefs",
      "InvalidCertificateRef",
    ],
    [
      "a Secret of another namespace",
      { name: "l", port: 443, protocol: "HTTPS", tls: { certificateRefs: [{ name: "c", namespace: "other" }] } },
      "ResolvedRefs",
      "RefNotPermitted",
    ],
    ["a port of the pod's own", { name: "l", port: 8091, protocol: "HTTP" }, "Accepted", "PortUnavailable"],
  ];
  for (const [what, listener, condition, reason] of refused)
    it(`are not served for ${what}, and others are`, () => {
      const [read] = readGateways([gateway("a", [listener, { ...HTTP, port: 81 }])], new Set([8091]));
      assert.deepEqual([read?.listeners[0]?.fault?.condition, read?.listeners[0]?.fault?.reason], [condition, reason]);
      assert.equal(read?.listeners[1]?.fault, undefined);
    });

  it("go to the older Gateway where two want the same", () => {
    const young = gateway(
      "a",
      [https("s", "mine"), { ...HTTP, port: 8443 }, { ...HTTP, port: 443 }],
      "2026-02-01T00:00:00Z",
    );
    const [first, second] = readGateways([young, gateway("b", [https("s", "theirs")])], NONE);
    assert.equal(first?.key, "ns/b");
    assert.equal(first.listeners[0]?.fault, undefined);
    assert.deepEqual(
      second?.listeners.map((one) => one.fault?.reason),
      ["HostnameConflict", "PortUnavailable", "ProtocolConflict"],
    );
  });
});

describe("ports of the gateway", () => {
  it("are those of the listeners, above 1024, with the certificates that are there", () => {
    const read = readGateways([gateway("a", [HTTP, https("s", "cert", "*.example.com"), https("t", "absent")])], NONE);
    assert.deepEqual(
      portsOf(read, [plan("x/one")], (secret) => secret === "ns/cert"),
      [
        { port: 8080, doors: [{ host: "*" }] },
        {
          port: 8443,
          doors: [{ host: "*.example.com" }],
          tls: [{ serverNames: ["*.example.com"], secrets: ["ns/cert"] }],
        },
      ],
    );
  });

  it("lead to the deployments that name the Gateway, and to those that name none of ours", () => {
    const read = readGateways([gateway("a", [HTTP]), gateway("b", [HTTP])], NONE);
    const plans = [plan("x/any"), plan("x/one", ["ns/a", "mesh"])];
    assert.deepEqual(
      [...attachments(read, plans)],
      [
        ["ns/a", new Set(["x/any", "x/one"])],
        ["ns/b", new Set(["x/any"])],
      ],
    );
    assert.deepEqual(
      portsOf(read, plans, () => true),
      [{ port: 8080, doors: [{ host: "*" }, { host: "*", deployments: new Set(["x/any"]) }] }],
    );
  });
});

describe("the status of a Gateway", () => {
  const facts = {
    attached: new Map([["ns/a", new Set(["x/one", "x/two"])]]),
    hasCertificate: () => false,
    service: {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "gw" },
      spec: { clusterIP: "10.96.0.7", ports: [{ port: 80 }] },
    },
    serviceName: "gw",
    isTold: true,
    now: "2026-03-01T00:00:00Z",
  };

  const said = (status: Record<string, unknown>) => {
    const { addresses, conditions, listeners } = status as {
      addresses: { value: string }[];
      conditions: { type: string; status: string; reason: string }[];
      listeners: {
        name: string;
        attachedRoutes: number;
        conditions: { type: string; status: string; reason: string }[];
      }[];
    };
    const textOf = (all: typeof conditions): readonly string[] =>
      all.map((one) => `${one.type}=${one.status} ${one.reason}`);
    return {
      addresses: addresses.map((one) => one.value),
      conditions: textOf(conditions),
      listeners: listeners.map((one) => [one.name, one.attachedRoutes, ...textOf(one.conditions)]),
    };
  };

  it("says what is served and what is not", () => {
    const listeners = [
      HTTP,
      https("s", "absent"),
      { name: "tcp", port: 9000, protocol: "TCP" },
      { ...HTTP, name: "far", port: 8088 },
    ];
    const [read] = readGateways([gateway("a", listeners)], NONE);
    assert.ok(read);
    assert.deepEqual(said(gatewayStatus(read, facts)), {
      addresses: ["10.96.0.7"],
      conditions: ["Accepted=True ListenersNotValid", "Programmed=True Programmed"],
      listeners: [
        [
          "http",
          2,
          "Accepted=True Accepted",
          "ResolvedRefs=True ResolvedRefs",
          "Conflicted=False NoConflicts",
          "Programmed=True Programmed",
        ],
        [
          "s",
          0,
          "Accepted=True Accepted",
          "ResolvedRefs=False InvalidCertificateRef",
          "Conflicted=False NoConflicts",
          "Programmed=False Invalid",
        ],
        [
          "tcp",
          0,
          "Accepted=False UnsupportedProtocol",
          "ResolvedRefs=True ResolvedRefs",
          "Conflicted=False NoConflicts",
          "Programmed=False Invalid",
        ],
        [
          "far",
          2,
          "Accepted=True Accepted",
          "ResolvedRefs=True ResolvedRefs",
          "Conflicted=False NoConflicts",
          "Programmed=False Pending",
        ],
      ],
    });
  });

  it("keeps the time of what stays, and dates what changes", () => {
    const [read] = readGateways([gateway("a", [HTTP])], NONE);
    assert.ok(read);
    const first = gatewayStatus(read, { ...facts, isTold: false, now: "2026-01-01T00:00:00Z" });
    const second = gatewayStatus({ ...read, object: { ...read.object, status: first } }, facts) as {
      conditions: { type: string; lastTransitionTime: string }[];
    };
    assert.deepEqual(
      second.conditions.map((one) => [one.type, one.lastTransitionTime]),
      [
        ["Accepted", "2026-01-01T00:00:00Z"],
        ["Programmed", facts.now],
      ],
    );
  });
});
