import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { decodeResource } from "../../render/xds/encode.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { createResourceStore } from "../xds-server/resource-store.ts";
import { createEndpointLane } from "./endpoint-lane.ts";
import { keepEndpoints, SERVICE_NAME_LABEL, serviceEndpoints } from "./service-endpoints.ts";

const PORTS = [
  { name: "http", port: 8000 },
  { name: "grpc", port: 5001 },
];

function service(name: string, spec: object = {}): KubernetesObject {
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "ns" }, spec: { ports: PORTS, ...spec } };
}

function slice(name: string, of: string, endpoints: readonly object[], more: object = {}): KubernetesObject {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, namespace: "ns", uid: "u", resourceVersion: "1", labels: { [SERVICE_NAME_LABEL]: of, app: "x" } },
    addressType: "IPv4",
    endpoints,
    ports: [
      { name: "http", port: 9001, protocol: "TCP" },
      { name: "grpc", port: 9002, protocol: "TCP" },
    ],
    ...more,
  };
}

const at = (address: string, conditions?: object): object => ({
  addresses: [address],
  ...(conditions === undefined ? {} : { conditions }),
});

describe("the endpoints of a Service", () => {
  const cases: readonly (readonly [string, readonly KubernetesObject[], object, readonly string[]])[] = [
    ["the pods' own numbers, by the port's name", [slice("a", "s", [at("10.0.0.1")])], {}, ["10.0.0.1:9001"]],
    [
      "ready or unknown, not unready, over all slices, each once",
      [
        slice("a", "s", [
          at("10.0.0.2", { ready: true }),
          at("10.0.0.1", { ready: null }),
          at("10.0.0.3", { ready: false }),
        ]),
        slice("b", "s", [at("10.0.0.2", { ready: true })]),
      ],
      {},
      ["10.0.0.1:9001", "10.0.0.2:9001"],
    ],
    [
      "those that end only where nobody is ready",
      [slice("a", "s", [at("10.0.0.1", { ready: false, serving: true, terminating: true }), at("10.0.0.2")])],
      {},
      ["10.0.0.2:9001"],
    ],
    [
      "those that end and still serve",
      [
        slice("a", "s", [
          at("10.0.0.1", { ready: false, serving: true, terminating: true }),
          at("10.0.0.2", { ready: false, serving: false, terminating: true }),
          at("10.0.0.3", { ready: false, serving: true, terminating: false }),
        ]),
      ],
      {},
      ["10.0.0.1:9001"],
    ],
    [
      "the Service's first family of two",
      [slice("a", "s", [at("10.0.0.1")]), slice("b", "s", [at("fd00::1")], { addressType: "IPv6" })],
      { ipFamilies: ["IPv6", "IPv4"] },
      ["fd00::1:9001"],
    ],
    [
      "the other family where the first has nobody",
      [slice("b", "s", [at("fd00::1")], { addressType: "IPv6" })],
      { ipFamilies: ["IPv4", "IPv6"] },
      ["fd00::1:9001"],
    ],
    ["nobody without that port", [slice("a", "s", [at("10.0.0.1")])], { ports: [{ name: "other", port: 1 }] }, []],
    [
      "nobody on another protocol",
      [slice("a", "s", [at("10.0.0.1")], { ports: [{ name: "http", port: 1, protocol: "UDP" }] })],
      {},
      [],
    ],
    ["nobody for slices without endpoints", [slice("a", "s", [], { endpoints: null, ports: null })], {}, []],
  ];
  for (const [what, slices, spec, expected] of cases)
    it(`are ${what}`, () => {
      const found = serviceEndpoints(service("s", spec), slices.map(keepEndpoints), 8000);
      assert.deepEqual(
        found.map(({ address, port }) => `${address}:${String(port)}`),
        expected,
      );
    });

  it("are nobody's without the Service", () => {
    assert.deepEqual(serviceEndpoints(undefined, [slice("a", "s", [at("10.0.0.1")])], 8000), []);
  });
});

describe("the lane of endpoints", () => {
  function start() {
    const store = createResourceStore();
    const services = new Map([["s", service("s")]]);
    const lane = createEndpointLane({ store, serviceOf: ({ name }) => services.get(name) });
    const served = (cluster: string): unknown => {
      const resource = store.get(TYPE.endpoints, cluster);
      if (resource === undefined) return undefined;
      const { endpoints = [] } = decodeResource(resource) as {
        endpoints?: {
          lb_endpoints: { endpoint: { address: { socket_address: { address: string; port_value: number } } } }[];
        }[];
      };
      return endpoints.flatMap((one) =>
        one.lb_endpoints.map(({ endpoint }) => {
          const { address, port_value: port } = endpoint.address.socket_address;
          return `${address}:${String(port)}`;
        }),
      );
    };
    const backend = (cluster: string, port: number) => ({ cluster, service: { namespace: "ns", name: "s" }, port });
    return { lane, services, served, backend };
  }

  it("follows slices and Services, for every cluster before them", () => {
    const { lane, services, served, backend } = start();
    lane.serve([backend("http", 8000), backend("grpc", 5001)]);
    assert.deepEqual(served("http"), []);
    const first = slice("a", "s", [at("10.0.0.1")]);
    lane.sliceChanged(first, undefined);
    assert.deepEqual([served("http"), served("grpc")], [["10.0.0.1:9001"], ["10.0.0.1:9002"]]);
    const second = slice("a", "s", [at("10.0.0.1"), at("10.0.0.2")]);
    lane.sliceChanged(second, first);
    assert.deepEqual(served("grpc"), ["10.0.0.1:9002", "10.0.0.2:9002"]);
    services.set("s", service("s", { ports: [{ name: "http", port: 5001 }] }));
    lane.serviceChanged({ namespace: "ns", name: "s" });
    assert.deepEqual([served("http"), served("grpc")], [[], ["10.0.0.1:9001", "10.0.0.2:9001"]]);
    lane.sliceChanged(undefined, second);
    assert.deepEqual(served("grpc"), []);
  });

  it("knows of slices that came before the plan, and forgets clusters", () => {
    const { lane, served, backend } = start();
    lane.sliceChanged(slice("a", "s", [at("10.0.0.1")]), undefined);
    assert.equal(served("http"), undefined);
    lane.serve([backend("http", 8000)]);
    assert.deepEqual(served("http"), ["10.0.0.1:9001"]);
    lane.drop(["http"]);
    assert.equal(served("http"), undefined);
    lane.sliceChanged(slice("b", "s", [at("10.0.0.2")]), undefined);
    assert.equal(served("http"), undefined);
  });
});
