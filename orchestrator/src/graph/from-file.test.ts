import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { graphOfFile } from "./from-file.ts";
import type { Protocol } from "./graph.ts";

const IDENTITY = { deployment: "iris", namespace: "default", predictor: "main" };

async function problemsOf(said: string, protocol: Protocol): Promise<readonly string[]> {
  const graph = "graph: { name: m, type: MODEL, endpoint: { service_host: localhost, service_port: 9000 } }";
  const text = `spec: { ${said === "" ? "" : `protocol: ${said}, `}predictors: [{ name: main, ${graph} }] }`;
  const { value, problems } = await graphOfFile(text, IDENTITY, { protocol, mergesMeta: false });
  assert.equal(value?.protocol, protocol);
  return problems.map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
}

describe("a SeldonDeployment of --file", () => {
  it("is refused for a port that is none, also of a node that is never called", async () => {
    const leaf = "{ name: m, type: MODEL, endpoint: { service_host: localhost, service_port: 9000 } }";
    const root = `{ name: r, methods: [], endpoint: { service_host: localhost, service_port: 70000 }, children: [${leaf}] }`;
    const text = `spec: { predictors: [{ name: main, graph: ${root} }] }`;
    const { value, problems } = await graphOfFile(text, IDENTITY, { protocol: "seldon", mergesMeta: false });
    assert.equal(value, undefined);
    assert.ok(problems.some(({ message }) => message === "endpoint.servicePort 70000 is not a port"));
  });

  it("reads an endpoint's type in any letter case, as none where it is neither, and its ports by it", async () => {
    const cases: readonly (readonly [string, unknown, readonly string[]])[] = [
      ["httpPort: 1, grpcPort: 2, type: grpc", { httpPort: 1, grpcPort: 2, servicePort: 9, transport: "grpc" }, []],
      ["httpPort: 1, grpcPort: 2, type: Rest", { httpPort: 1, grpcPort: 2, servicePort: 9, transport: undefined }, []],
      ["type: GRPC", { httpPort: 0, grpcPort: 9, servicePort: 9, transport: "grpc" }, []],
      ["type: REST, grpcPort: 2", { httpPort: 9, grpcPort: 2, servicePort: 9, transport: undefined }, []],
      ["grpcPort: 2", { httpPort: 0, grpcPort: 2, servicePort: 9, transport: undefined }, []],
      ["", { httpPort: 9, grpcPort: 0, servicePort: 9, transport: undefined }, []],
      [
        "type: tcp",
        { httpPort: 9, grpcPort: 0, servicePort: 9, transport: undefined },
        ['endpoint.type "tcp" is neither REST nor GRPC; the node is called as the client calls the graph'],
      ],
    ];
    for (const [fields, expected, warnings] of cases) {
      const endpoint = `{ service_host: h, service_port: 9, ${fields} }`;
      const text = `spec: { predictors: [{ name: main, graph: { name: m, type: MODEL, endpoint: ${endpoint} } }] }`;
      const { value, problems } = await graphOfFile(text, IDENTITY, { protocol: "seldon", mergesMeta: false });
      assert.deepEqual(value?.root.runs, { in: "container", endpoint: { host: "h", ...(expected as object) } }, fields);
      assert.deepEqual(
        problems.map(({ severity, message }) => `${severity} ${message}`),
        warnings.map((one) => `warning ${one}`),
      );
    }
  });

  it("is served with the protocol of the flag; a warning says so where it names another", async () => {
    assert.deepEqual(await problemsOf("", "v2"), []);
    assert.deepEqual(await problemsOf("kfserving", "v2"), []);
    assert.deepEqual(await problemsOf("v2", "seldon"), [
      "warning spec.protocol: the file says v2, and seldon is served; give --protocol v2",
    ]);
    assert.deepEqual(await problemsOf("tensorflow", "v2"), [
      "warning spec.protocol: the file says tensorflow, and v2 is served; give --protocol tensorflow",
    ]);
  });
});
