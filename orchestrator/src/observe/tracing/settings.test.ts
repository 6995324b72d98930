import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readTracingSettings, type Env } from "./settings.ts";

const IDENTITY = { namespace: "default", deployment: "iris", predictor: "main" };
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };

const read = (env: Env) => readTracingSettings(env, IDENTITY);
const withEndpoint = (env: Env) => read({ ...ENDPOINT, ...env });

describe("where spans go", () => {
  const rows: readonly [string, Env, string | undefined, RegExp?][] = [
    ["nothing set", {}, undefined],
    ["the base of all signals", ENDPOINT, "http://collector:4318/v1/traces"],
    ["a base with a slash", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:1/x/" }, "http://c:1/x/v1/traces"],
    ["traces' own, as it is", { ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://t/in" }, "https://t/in"],
    ["asked for by name", { OTEL_TRACES_EXPORTER: "otlp" }, "http://localhost:4318/v1/traces"],
    ["turned off", { ...ENDPOINT, OTEL_TRACES_EXPORTER: "none" }, undefined],
    ["the SDK disabled", { ...ENDPOINT, OTEL_SDK_DISABLED: "true" }, undefined],
    ["another exporter", { ...ENDPOINT, OTEL_TRACES_EXPORTER: "zipkin" }, undefined, /zipkin is not known/],
    ["no URL", { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" }, undefined, /is not an http or https URL/],
    [
      "Jaeger's collector",
      { JAEGER_ENDPOINT: "http://jaeger:14268/api/traces?format=jaeger.thrift" },
      "http://jaeger:4318/v1/traces",
      /sent by OTLP to http:\/\/jaeger:4318/,
    ],
    [
      "Jaeger's collector beside OTLP",
      { ...ENDPOINT, JAEGER_ENDPOINT: "http://j:1" },
      "http://collector:4318/v1/traces",
    ],
    ["Jaeger's agent", { JAEGER_AGENT_HOST: "agent" }, undefined, /set OTEL_EXPORTER_OTLP_ENDPOINT/],
    ["Jaeger disabled", { ...ENDPOINT, JAEGER_DISABLED: "true", JAEGER_AGENT_HOST: "a" }, undefined],
    ["gRPC", { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, "http://collector:4318/v1/traces", /http\/protobuf/],
  ];
  for (const [what, env, url, warning] of rows) {
    it(what, () => {
      const { value, warnings } = read(env);
      assert.equal(value?.url, url);
      if (warning === undefined) assert.deepEqual(warnings, []);
      else assert.match(warnings.join("\n"), warning);
    });
  }
});

describe("what spans say of the process", () => {
  const nameOf = (env: Env) => withEndpoint(env).value?.resource["service.name"];

  it("is the deployment's name unless a variable says otherwise", () => {
    assert.equal(nameOf({}), "iris");
    assert.equal(nameOf({ JAEGER_SERVICE_NAME: "executor" }), "executor");
    assert.equal(nameOf({ JAEGER_SERVICE_NAME: "a", OTEL_RESOURCE_ATTRIBUTES: "service.name=b" }), "b");
    assert.equal(nameOf({ OTEL_SERVICE_NAME: "c", OTEL_RESOURCE_ATTRIBUTES: "service.name=b" }), "c");
  });

  it("has the attributes of both worlds", () => {
    const env = {
      OTEL_RESOURCE_ATTRIBUTES: "team=ml, place=a%20b",
      JAEGER_TAGS: "x=1,zone=${ZONE:none},host=${HOST:none}",
      ZONE: "z1",
    };
    const { team, place, x, zone, host } = withEndpoint(env).value?.resource ?? {};
    assert.deepEqual({ team, place, x, zone, host }, { team: "ml", place: "a b", x: "1", zone: "z1", host: "none" });
  });

  it("leaves out what can't be read, with a warning", () => {
    const { value, warnings } = withEndpoint({ OTEL_RESOURCE_ATTRIBUTES: "a=1,b", JAEGER_TAGS: "c,d=1" });
    assert.equal(value?.resource["a"], undefined);
    assert.equal(value?.resource["d"], "1");
    assert.equal(warnings.length, 2);
  });
});

describe("what is recorded", () => {
  const rows: readonly [Env, number, boolean, RegExp?][] = [
    [{}, 1, true],
    [{ OTEL_TRACES_SAMPLER: "always_on" }, 1, false],
    [{ OTEL_TRACES_SAMPLER: "always_off" }, 0, false],
    [{ OTEL_TRACES_SAMPLER: "parentbased_always_off" }, 0, true],
    [{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.1" }, 0.1, false],
    [{ OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.5" }, 0.5, true],
    [{ OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "5" }, 1, true, /between 0 and 1/],
    [{ OTEL_TRACES_SAMPLER: "jaeger_remote" }, 1, true, /not known/],
    [{ JAEGER_SAMPLER_TYPE: "const", JAEGER_SAMPLER_PARAM: "0" }, 0, true],
    [{ JAEGER_SAMPLER_TYPE: "const", JAEGER_SAMPLER_PARAM: "1" }, 1, true],
    [{ JAEGER_SAMPLER_TYPE: "probabilistic", JAEGER_SAMPLER_PARAM: "0.2" }, 0.2, true],
    [{ JAEGER_SAMPLER_TYPE: "probabilistic", JAEGER_SAMPLER_PARAM: "lots" }, 0.001, true, /"lots" is not a number/],
    [{ JAEGER_SAMPLER_TYPE: "remote" }, 1, true, /not offered/],
    [{ JAEGER_SAMPLER_TYPE: "const", JAEGER_SAMPLER_PARAM: "0", OTEL_TRACES_SAMPLER: "always_on" }, 1, false],
  ];
  for (const [env, ratio, followsParent, warning] of rows) {
    it(JSON.stringify(env), () => {
      const { value, warnings } = withEndpoint(env);
      assert.deepEqual(value?.sampler, { ratio, followsParent });
      if (warning === undefined) assert.deepEqual(warnings, []);
      else assert.match(warnings.join("\n"), warning);
    });
  }
});

describe("what headers are read and written", () => {
  const all = ["tracecontext", "b3", "b3multi", "jaeger"];
  const rows: readonly [Env, readonly string[], readonly string[], number][] = [
    [{}, all, ["tracecontext", "jaeger"], 0],
    [{ JAEGER_TRACE_PROPAGATION_TYPE: "b3" }, all, ["tracecontext", "jaeger", "b3multi"], 0],
    [{ OTEL_PROPAGATORS: "tracecontext,baggage" }, ["tracecontext"], ["tracecontext"], 0],
    [{ OTEL_PROPAGATORS: "b3, jaeger" }, ["b3", "jaeger"], ["b3", "jaeger"], 0],
    [{ OTEL_PROPAGATORS: "none" }, [], [], 0],
    [{ OTEL_PROPAGATORS: "xray,b3multi" }, ["b3multi"], ["b3multi"], 1],
  ];
  for (const [env, reads, writes, warned] of rows) {
    it(JSON.stringify(env), () => {
      const { value, warnings } = withEndpoint(env);
      assert.deepEqual(value?.reads, reads);
      assert.deepEqual(value.writes, writes);
      assert.equal(warnings.length, warned);
    });
  }
});

it("bounds the queue", () => {
  const env = { OTEL_BSP_MAX_QUEUE_SIZE: "100", OTEL_BSP_SCHEDULE_DELAY: "soon", OTEL_BSP_EXPORT_TIMEOUT: "9" };
  const { value, warnings } = withEndpoint(env);
  assert.deepEqual(value?.queue, { maxSpans: 100, maxBatchSpans: 100, delayMs: 5000, exportTimeoutMs: 9 });
  assert.match(warnings.join(), /OTEL_BSP_SCHEDULE_DELAY: "soon"/);
});

it("no value of any variable is more than a warning", () => {
  const names = [
    ...["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_EXPORTER", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_TRACES_SAMPLER"],
    ...["OTEL_TRACES_SAMPLER_ARG", "OTEL_PROPAGATORS", "OTEL_BSP_MAX_QUEUE_SIZE", "JAEGER_ENDPOINT", "JAEGER_TAGS"],
    ...["JAEGER_SAMPLER_TYPE", "JAEGER_SAMPLER_PARAM", "OTEL_SDK_DISABLED", "JAEGER_AGENT_PORT"],
  ];
  const value = fc.oneof(fc.string(), fc.constantFrom("const", "http://a", "http://[", "=,%", "NaN", "-1", "1e999"));
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), value), (env) => {
      const { value: settings } = read(env);
      if (settings === undefined) return;
      assert.ok(URL.canParse(settings.url));
      assert.ok(settings.sampler.ratio >= 0 && settings.sampler.ratio <= 1);
      assert.ok(settings.queue.maxBatchSpans <= settings.queue.maxSpans);
    }),
  );
});
