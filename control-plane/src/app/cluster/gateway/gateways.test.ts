import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubernetesObject } from "../../../kubernetes-api/object.ts";
import { admissions, attachments, countReached, portsOf } from "./gateway-ports.ts";
import { gatewayStatus } from "./gateway-status.ts";
import { readGateways } from "./read-gateways.ts";
import { mayUseSecret } from "./reference-grants.ts";

function gateway(name: string, listeners: readonly object[], createdAt = "2026-01-01T00:00:00Z"): KubernetesObject {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name, namespace: "ns", generation: 3, creationTimestamp: createdAt },
    spec: { gatewayClassName: "graphway", listeners },
  };
}

const HTTP = { name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "All" } } };
const https = (name: string, secret: string, hostname?: string): object => ({
  name,
  port: 443,
  protocol: "HTTPS",
  tls: { certificateRefs: [{ name: secret }] },
  allowedRoutes: { namespaces: { from: "All" } },
  ...(hostname === undefined ? {} : { hostname }),
});
const plan = (key: string, gateways: readonly string[] = ["istio-system/seldon-gateway"]) => ({
  key,
  namespace: key.split("/")[0] ?? "",
  hosts: ["*"],
  gateways,
});
/** A listener that is open to deployments of other namespaces so, or not. */
const open = (namespaces: object | undefined): object => ({
  name: "http",
  port: 80,
  protocol: "HTTP",
  ...(namespaces === undefined ? {} : { allowedRoutes: { namespaces } }),
});
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

describe("listeners that allow namespaces", () => {
  const labels = new Map([
    ["ns", {}],
    ["red", { team: "red" }],
    ["blue", { team: "blue", tier: "1" }],
  ]);
  const plans = ["ns/a", "red/b", "blue/c", "unknown/d"].map((key) => plan(key));
  const selects = (selector: object): object => ({ from: "Selector", selector });
  const cases: readonly (readonly [string, object | undefined, readonly string[]])[] = [
    ["nothing said", undefined, ["ns/a"]],
    ["Same", { from: "Same" }, ["ns/a"]],
    ["All", { from: "All" }, ["ns/a", "red/b", "blue/c", "unknown/d"]],
    ["a label", selects({ matchLabels: { team: "red" } }), ["red/b"]],
    [
      "In",
      selects({ matchExpressions: [{ key: "team", operator: "In", values: ["red", "blue"] }] }),
      ["red/b", "blue/c"],
    ],
    ["NotIn", selects({ matchExpressions: [{ key: "team", operator: "NotIn", values: ["red"] }] }), ["ns/a", "blue/c"]],
    ["Exists", selects({ matchExpressions: [{ key: "tier", operator: "Exists" }] }), ["blue/c"]],
    ["DoesNotExist", selects({ matchExpressions: [{ key: "team", operator: "DoesNotExist" }] }), ["ns/a"]],
    ["two that disagree", selects({ matchLabels: { team: "red", tier: "1" } }), []],
    ["what nobody knows", selects({ matchExpressions: [{ key: "team", operator: "Near" }] }), []],
  ];
  for (const [what, namespaces, expected] of cases)
    it(`by ${what}`, () => {
      const read = readGateways([gateway("a", [open(namespaces)])], NONE);
      const [listener] = read[0]?.listeners ?? [];
      assert.ok(listener);
      const labelsOf = (namespace: string) => labels.get(namespace);
      const admitted = admissions(read, plans, labelsOf).get(listener);
      assert.deepEqual([...(admitted ?? [])], expected);
      const [port] = portsOf(read, plans, () => true, labelsOf);
      assert.deepEqual(port?.doors, [
        expected.length === 4 ? { host: "*" } : { host: "*", deployments: new Set(expected) },
      ]);
      assert.equal(countReached(listener, new Set(expected), plans), expected.length);
    });

  it("count those alone whose hosts they have", () => {
    const [read] = readGateways([gateway("a", [{ ...HTTP, hostname: "*.example.com" }])], NONE);
    const hosted = ["a.example.com", "b.example.org", "*"].map((host, i) => ({
      ...plan(`ns/${String(i)}`),
      hosts: [host],
    }));
    const [listener] = read?.listeners ?? [];
    assert.ok(listener);
    assert.equal(countReached(listener, new Set(hosted.map(({ key }) => key)), hosted), 2);
  });
});

describe("a certificate of another namespace", () => {
  const listener = {
    ...HTTP,
    port: 443,
    protocol: "HTTPS",
    tls: { certificateRefs: [{ name: "c", namespace: "other" }] },
  };
  const FROM = { group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "ns" };
  const SECRET = { group: "", kind: "Secret" };
  const grant = (from: object, to: object, namespace = "other"): KubernetesObject => ({
    apiVersion: "gateway.networking.k8s.io/v1beta1",
    kind: "ReferenceGrant",
    metadata: { name: "g", namespace },
    spec: { from: [from], to: [to] },
  });
  const cases: readonly (readonly [string, KubernetesObject, boolean])[] = [
    ["every Secret there", grant(FROM, SECRET), true],
    ["this Secret", grant(FROM, { ...SECRET, name: "c" }), true],
    ["another Secret", grant(FROM, { ...SECRET, name: "d" }), false],
    ["another namespace's Gateways", grant({ ...FROM, namespace: "foreign" }, SECRET), false],
    ["HTTPRoutes", grant({ ...FROM, kind: "HTTPRoute" }, SECRET), false],
    ["Services", grant(FROM, { ...SECRET, kind: "Service" }), false],
    ["every Secret elsewhere", grant(FROM, SECRET, "ns"), false],
  ];
  for (const [what, one, isPermitted] of cases)
    it(`is ${isPermitted ? "" : "not "}used by a grant for ${what}`, () => {
      const [read] = readGateways([gateway("a", [listener])], NONE, mayUseSecret([one]));
      assert.equal(read?.listeners[0]?.fault?.reason, isPermitted ? undefined : "RefNotPermitted");
      assert.deepEqual(read?.listeners[0]?.secrets, ["other/c"]);
    });
});

describe("the status of a Gateway", () => {
  const facts = {
    reached: () => 2,
    hasCertificate: () => false,
    secretFault: (): string | undefined => undefined,
    refusalOf: (): string | undefined => undefined,
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

  it("says what is served with a certificate of before, and what gateways refuse", () => {
    const [read] = readGateways([gateway("a", [{ ...https("s", "worn"), port: 8443 }, HTTP])], NONE);
    assert.ok(read);
    const ports = [{ port: 80 }, { port: 8443 }];
    const { service } = facts;
    const status = gatewayStatus(read, {
      ...{ ...facts, service: { ...service, spec: { ...service.spec, ports } } },
      hasCertificate: () => true,
      secretFault: (secret) => `holds nothing (${secret})`,
      refusalOf: ({ name }) => (name === "http" ? "no such port" : undefined),
    }) as {
      conditions: { message: string }[];
      listeners: { attachedRoutes: number; conditions: { message: string }[] }[];
    };
    assert.deepEqual(said(status).listeners, [
      [
        "s",
        2,
        "Accepted=True Accepted",
        "ResolvedRefs=False InvalidCertificateRef",
        "Conflicted=False NoConflicts",
        "Programmed=True Programmed",
      ],
      [
        "http",
        2,
        "Accepted=True Accepted",
        "ResolvedRefs=True ResolvedRefs",
        "Conflicted=False NoConflicts",
        "Programmed=False Invalid",
      ],
    ]);
    assert.deepEqual(said(status).conditions, ["Accepted=True ListenersNotValid", "Programmed=True Programmed"]);
    assert.equal(status.conditions[0]?.message, "served with the certificates of before: s; refused by gateways: http");
    const [tls, http] = status.listeners;
    assert.equal(
      tls?.conditions[1]?.message,
      "Secret ns/worn holds nothing (ns/worn); the certificate that it held goes on being shown",
    );
    assert.equal(http?.conditions[3]?.message, "a gateway goes on with what it had, because it refused: no such port");
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
