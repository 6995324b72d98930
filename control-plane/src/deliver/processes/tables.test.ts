import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ProbeAction } from "../../plan/deployment-plan.ts";
import { parseEndpointMappings } from "./endpoint-mapping.ts";
import { containerEnvironment } from "./environment.ts";
import { expandVariables } from "./expand.ts";
import { containerSpec } from "./local-specs.ts";
import { literalPorts, withLocalPorts } from "./port-map.ts";
import { containerPlan } from "./testdata/plans.ts";

describe("expansion of $(VAR), as in Kubernetes", () => {
  const variables: Readonly<Record<string, string>> = { A: "1", EMPTY: "", B_C: "two", NESTED: "$(A)" };
  const cases: readonly (readonly [string, string])[] = [
    ["$(A)", "1"],
    ["x$(A)y$(B_C)", "x1ytwo"],
    ["$(UNKNOWN)", "$(UNKNOWN)"],
    ["$$(A)", "$(A)"],
    ["$$$(A)", "$1"],
    ["$$$$(A)", "$$(A)"],
    ["$$", "$"],
    ["$", "$"],
    ["a$", "a$"],
    ["$A ${A}", "$A ${A}"],
    ["$(A", "$(A"],
    ["$(EMPTY)", ""],
    ["$(NESTED)", "$(A)"],
    ["$()", "$()"],
    ["$(A)$(A)", "11"],
    ["$($(A))", "$($(A))"],
  ];
  for (const [text, expected] of cases) {
    it(`${text} -> ${expected}`, () => {
      assert.equal(
        expandVariables(text, (name) => variables[name]),
        expected,
      );
    });
  }

  it("sees the variables defined before, and no others", () => {
    const env = containerEnvironment([
      { name: "LATE", value: "$(PORT)" },
      { name: "PORT", value: "1" },
      { name: "URL", value: "http://h:$(PORT)$(SECRET)$(HOME)" },
      { name: "SECRET", from: "secretKeyRef" },
      { name: "PORT", value: "$(PORT)2" },
    ]);
    assert.deepEqual(env, { LATE: "$(PORT)", PORT: "12", URL: "http://h:1$(SECRET)$(HOME)" });
  });
});

describe("ports written as numbers", () => {
  const cases: readonly (readonly [readonly string[], readonly number[]])[] = [
    [["serve", "--http-port", "9000"], [9000]],
    [
      ["serve", "--port=9000", "--grpc=9500"],
      [9000, 9500],
    ],
    [["serve", "-p9000"], [9000]],
    [["gunicorn", "-b", "0.0.0.0:9000", "app"], [9000]],
    [["sh", "-c", "exec serve --port 9000 >log"], [9000]],
    [["sh", "-c", "serve ${PORT:-9000}"], []],
    [["serve", "$(PREDICTIVE_UNIT_HTTP_SERVICE_PORT)"], []],
    [["serve", "90001", "19000", "9000.5", "model-9000"], []],
  ];
  for (const [command, expected] of cases) {
    it(command.join(" "), () => {
      assert.deepEqual(literalPorts(containerPlan("m", { command })), expected);
    });
  }

  it("counts a variable of the user's that is just the number", () => {
    assert.deepEqual(literalPorts(containerPlan("m", {}, [{ name: "PORT", value: "9000" }])), [9000]);
  });
});

describe("what a container becomes", () => {
  const ports = new Map([
    [9000, 20_001],
    [9500, 20_002],
    [6000, 20_003],
  ]);
  const desired = (more: Parameters<typeof containerPlan>[1], env: Parameters<typeof containerPlan>[2] = []) => {
    const plan = containerPlan("m", more, env);
    return { plan, label: "default/iris/main/m", path: "", literalPorts: [] };
  };

  it("carries the local ports by variables, arguments and probes", () => {
    const args = ["--http", "$(PREDICTIVE_UNIT_HTTP_SERVICE_PORT)", "$(MLSERVER_GRPC_PORT)", "$$(A)", "$(HOME)"];
    const spec = containerSpec(desired({ args }), ports, "/", 1);
    assert.deepEqual(spec.launch.command, [
      process.execPath,
      "server.mjs",
      "--http",
      "20001",
      "20002",
      "$(A)",
      "$(HOME)",
    ]);
    assert.equal(spec.launch.env["PREDICTIVE_UNIT_SERVICE_PORT"], "20001");
    assert.equal(spec.launch.env["PREDICTIVE_UNIT_METRICS_SERVICE_PORT"], "20003");
    assert.equal(spec.launch.env["PATH"], process.env["PATH"]);
    assert.equal(spec.launch.env["npm_execpath"], undefined);
    const action = spec.probes.readiness?.action;
    assert.equal(action?.kind === "httpGet" && action.port, 20_001);
  });

  it("follows the service port when it is the gRPC one", () => {
    const plan = containerPlan("m");
    const env = [{ name: "PREDICTIVE_UNIT_SERVICE_PORT", value: "9500" }];
    assert.deepEqual(withLocalPorts({ ...plan, env }, ports), [
      { name: "PREDICTIVE_UNIT_SERVICE_PORT", value: "20002" },
    ]);
  });

  const exec = (...command: string[]): ProbeAction => ({ kind: "exec", command });
  const sleeps: readonly (readonly [ProbeAction, boolean])[] = [
    [exec("/bin/sh", "-c", "/bin/sleep 10"), true],
    [exec("sleep", "5"), true],
    [exec("/bin/sh", "-c", "sleep 5; curl localhost/drain"), false],
    [exec("/bin/drain"), false],
  ];
  for (const [preStop, skipped] of sleeps) {
    it(`${skipped ? "skips" : "keeps"} preStop ${JSON.stringify(preStop)}`, () => {
      assert.equal(containerSpec(desired({ preStop }), ports, "/", 1).preStop === undefined, skipped);
    });
  }
});

describe("--endpoint", () => {
  it("reads both forms", () => {
    const { value, problems } = parseEndpointMappings([
      "iris/main/model=localhost:80",
      "ns/iris/main/model=[::1]:80,81",
    ]);
    assert.deepEqual(problems, []);
    assert.deepEqual(value, [
      { deployment: "iris", predictor: "main", node: "model", host: "localhost", httpPort: 80, grpcPort: 80 },
      {
        namespace: "ns",
        deployment: "iris",
        predictor: "main",
        node: "model",
        host: "::1",
        httpPort: 80,
        grpcPort: 81,
      },
    ]);
  });
  for (const text of [
    "",
    "a=b",
    "a/b=h:1",
    "a/b/c=h",
    "a/b/c=h:0",
    "a/b/c=h:65536",
    "a//c=h:1",
    "a/b/c=h:1,x",
    "a/b/c/d/e=h:1",
    "a/b/c=h h:1",
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      const { value, problems } = parseEndpointMappings([text]);
      assert.deepEqual(value, []);
      assert.deepEqual(
        problems.map((one) => one.code),
        ["LocalEndpointInvalid"],
      );
    });
  }
});
