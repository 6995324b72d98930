import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DefaultedDeployment, DefaultedNode } from "../defaulted.ts";
import { loadDocuments } from "../load.ts";
import type { AcceptedDeployment } from "../model.ts";
import { DEFAULT_MODEL_SETTINGS, type ModelSettings } from "../settings.ts";
import { applyDefaults } from "./apply-defaults.ts";

/** Loads a deployment with this spec; the spec must be accepted. */
function load(spec: object, settings: Partial<ModelSettings> = {}): AcceptedDeployment {
  const text = JSON.stringify({
    apiVersion: "machinelearning.seldon.io/v1",
    kind: "SeldonDeployment",
    metadata: { name: "example" },
    spec,
  });
  const { value, problems } = loadDocuments([{ file: "in.json", text }], { ...DEFAULT_MODEL_SETTINGS, ...settings });
  const [deployment] = value.deployments;
  assert.ok(deployment?.accepted === true, JSON.stringify(problems));
  return deployment;
}

function pod(...names: readonly (string | object)[]): object {
  const containers = names.map((name) => (typeof name === "string" ? { name, image: `models/${name}:1` } : name));
  return { spec: { containers } };
}

/** `container: http/grpc` of every node, per predictor. */
function nodePorts(resource: DefaultedDeployment): readonly Readonly<Record<string, string>>[] {
  return resource.spec.predictors.map((predictor) => {
    const ports: Record<string, string> = {};
    const visit = (node: DefaultedNode): void => {
      ports[node.name] = node.endpoint === undefined ? "none" : `${node.endpoint.httpPort}/${node.endpoint.grpcPort}`;
      node.children.forEach(visit);
    };
    visit(predictor.graph);
    return ports;
  });
}

/** `container: metrics port` of every container that has one, per predictor. */
function metricsPorts(resource: DefaultedDeployment): readonly Readonly<Record<string, number>>[] {
  return resource.spec.predictors.map(({ componentSpecs }) =>
    Object.fromEntries(
      componentSpecs
        .flatMap((one) => one.spec.containers)
        .flatMap(({ name, ports }) =>
          (ports ?? []).filter((port) => port.name === "metrics").map((port) => [name, port.containerPort]),
        ),
    ),
  );
}

const chain = { name: "first", type: "TRANSFORMER", children: [{ name: "second" }] };

describe("defaults", () => {
  it("numbers ports by container name over all predictors, containers outside the graph included", () => {
    const { resource } = load({
      predictors: [
        { name: "main", traffic: 50, graph: chain, componentSpecs: [pod("first", "helper"), pod("second")] },
        { name: "canary", traffic: 50, graph: { name: "third" }, componentSpecs: [pod("second", "third")] },
      ],
    });
    assert.deepEqual(nodePorts(resource), [{ first: "9000/9500", second: "9002/9502" }, { third: "9003/9503" }]);
    assert.deepEqual(metricsPorts(resource), [{ first: 6000, second: 6001 }, { third: 6002 }]);
  });

  it("gives the same name the same number in two predictors, but each its own metrics port", () => {
    const predictor = { traffic: 50, graph: { name: "model" }, componentSpecs: [pod("model")] };
    const { resource } = load({
      predictors: [
        { name: "a", ...predictor },
        { name: "b", ...predictor },
      ],
    });
    assert.deepEqual(nodePorts(resource), [{ model: "9000/9500" }, { model: "9000/9500" }]);
    assert.deepEqual(metricsPorts(resource), [{ model: 6000 }, { model: 6001 }]);
  });

  it("takes ports named http, grpc and metrics from the container; the number given to it stays used", () => {
    const ports = [
      { name: "http", containerPort: 7000 },
      { name: "metrics", containerPort: 7100 },
    ];
    const first = { name: "first", image: "models/first:1", ports };
    const { resource } = load({ predictors: [{ name: "main", graph: chain, componentSpecs: [pod(first, "second")] }] });
    assert.deepEqual(nodePorts(resource), [{ first: "7000/9500", second: "9001/9501" }]);
    assert.deepEqual(metricsPorts(resource), [{ first: 7100, second: 6000 }]);
  });

  it("begins where the settings say and names the metrics port as they say", () => {
    const settings = { firstHttpPort: 1000, firstGrpcPort: 2000, firstMetricsPort: 3000, metricsPortName: "numbers" };
    const { resource } = load(
      { predictors: [{ name: "main", graph: { name: "model" }, componentSpecs: [pod("model")] }] },
      settings,
    );
    assert.deepEqual(nodePorts(resource), [{ model: "1000/2000" }]);
    const [container] = resource.spec.predictors[0]?.componentSpecs[0]?.spec.containers ?? [];
    assert.deepEqual(container?.ports, [{ name: "numbers", containerPort: 3000, protocol: "TCP" }]);
  });

  it("fills in namespace, version label, types and implementations", () => {
    const { resource } = load({
      predictors: [
        {
          name: "main",
          componentSpecs: [pod("silent", "typed", "methods")],
          graph: {
            name: "ab",
            implementation: "RANDOM_ABTEST",
            children: [
              { name: "silent", children: [{ name: "methods", methods: ["TRANSFORM_INPUT"] }] },
              {
                name: "typed",
                type: "ROUTER",
                implementation: "",
                children: [{ name: "x", implementation: "SIMPLE_MODEL" }],
              },
            ],
          },
        },
      ],
    });
    assert.equal(resource.metadata.namespace, "default");
    const [predictor] = resource.spec.predictors;
    assert.deepEqual(predictor?.labels, { version: "main" });
    const seen: unknown[] = [];
    const visit = (node: DefaultedNode): void => {
      seen.push([node.name, node.type, node.implementation]);
      node.children.forEach(visit);
    };
    resource.spec.predictors.forEach(({ graph }) => {
      visit(graph);
    });
    assert.deepEqual(seen, [
      ["ab", undefined, "RANDOM_ABTEST"],
      ["silent", "MODEL", "UNKNOWN_IMPLEMENTATION"],
      ["methods", undefined, "UNKNOWN_IMPLEMENTATION"],
      ["typed", "ROUTER", "UNKNOWN_IMPLEMENTATION"],
      ["x", undefined, "SIMPLE_MODEL"],
    ]);
  });

  it("keeps a version label", () => {
    const labels = { version: "v7", team: "a" };
    const { resource } = load({
      predictors: [{ name: "main", labels, graph: { name: "model" }, componentSpecs: [pod("model")] }],
    });
    assert.deepEqual(resource.spec.predictors[0]?.labels, labels);
  });

  it("points service_port at the gRPC port by transport or by the node's endpoint", () => {
    const ports = (spec: object, endpoint?: object): number | undefined => {
      const graph = { name: "model", ...(endpoint === undefined ? {} : { endpoint }) };
      const { resource } = load({ ...spec, predictors: [{ name: "main", graph, componentSpecs: [pod("model")] }] });
      return resource.spec.predictors[0]?.graph.endpoint?.service_port;
    };
    assert.equal(ports({}), 9000);
    assert.equal(ports({ transport: "grpc" }), 9500);
    assert.equal(ports({}, { type: "GRPC" }), 9500);
    assert.equal(ports({ transport: "rest" }, { type: "REST" }), 9000);
  });

  it("dresses graph containers and leaves others alone", () => {
    const mounts = [
      { name: "podinfo", mountPath: "/old" },
      { name: "data", mountPath: "/data" },
    ];
    const model = { name: "model", image: "models/model:1", imagePullPolicy: "Always", volumeMounts: mounts };
    const helper = { name: "helper", image: "tools/helper:1" };
    const { resource } = load({
      predictors: [{ name: "main", graph: { name: "model" }, componentSpecs: [pod(model, helper)] }],
    });
    assert.deepEqual(resource.spec.predictors[0]?.componentSpecs[0]?.spec.containers, [
      {
        imagePullPolicy: "Always",
        terminationMessagePath: "/dev/termination-log",
        terminationMessagePolicy: "File",
        name: "model",
        image: "models/model:1",
        volumeMounts: [
          { name: "data", mountPath: "/data" },
          { name: "seldon-podinfo", mountPath: "/etc/podinfo" },
        ],
        ports: [{ name: "metrics", containerPort: 6000, protocol: "TCP" }],
      },
      helper,
    ]);
  });

  it("adds containers of prepackaged servers to the first pod, numbered after those given", () => {
    const server = { name: "server", implementation: "SKLEARN_SERVER", modelUri: "gs://models/a" };
    const { resource } = load({
      predictors: [
        {
          name: "main",
          graph: { name: "first", type: "TRANSFORMER", children: [server, { name: "second" }] },
          componentSpecs: [pod("first"), pod("second")],
        },
      ],
    });
    assert.deepEqual(nodePorts(resource), [{ first: "9000/9500", second: "9001/9501", server: "9002/9502" }]);
    assert.deepEqual(metricsPorts(resource), [{ first: 6000, server: 6002, second: 6001 }]);
    const pods = resource.spec.predictors[0]?.componentSpecs.map((one) => one.spec.containers.map(({ name }) => name));
    assert.deepEqual(pods, [["first", "server"], ["second"]]);
  });

  it("takes images from predictor_servers by protocol", () => {
    const image = (spec: object, implementation: string, container?: object, settings = {}): string | undefined => {
      const graph = { name: "model", implementation, modelUri: "gs://models/a" };
      const predictor = {
        name: "main",
        graph,
        ...(container === undefined ? {} : { componentSpecs: [pod(container)] }),
      };
      const { resource } = load({ ...spec, predictors: [predictor] }, settings);
      assert.equal(resource.spec.predictors[0]?.graph.type, "MODEL");
      return resource.spec.predictors[0].componentSpecs[0]?.spec.containers[0]?.image;
    };
    assert.equal(image({}, "SKLEARN_SERVER"), "seldonio/sklearnserver:1.17.1");
    assert.equal(image({ protocol: "v2" }, "SKLEARN_SERVER"), "seldonio/mlserver:1.3.5-sklearn");
    assert.equal(image({ protocol: "kfserving" }, "XGBOOST_SERVER"), "seldonio/mlserver:1.3.5-xgboost");
    assert.equal(image({ protocol: "tensorflow" }, "TENSORFLOW_SERVER"), undefined);
    assert.equal(image({}, "TENSORFLOW_SERVER"), "seldonio/tfserving-proxy:1.17.1");
    assert.equal(image({}, "TRITON_SERVER"), undefined);
    assert.equal(image({}, "MLFLOW_SERVER", { name: "model", image: "own:1" }), "own:1");
    assert.equal(image({}, "MLFLOW_SERVER", { name: "model" }), "seldonio/mlflowserver:1.17.1");
    const predictorServers = {
      OWN_SERVER: { protocols: { seldon: { image: "own/server", defaultImageVersion: "" } } },
    };
    assert.equal(image({}, "OWN_SERVER", undefined, { predictorServers }), "own/server");
  });

  it("does not touch what it is given", () => {
    const { raw } = load({ predictors: [{ name: "main", graph: { name: "model" }, componentSpecs: [pod("model")] }] });
    const before = structuredClone(raw);
    applyDefaults(raw, DEFAULT_MODEL_SETTINGS);
    assert.deepEqual(raw, before);
  });
});
