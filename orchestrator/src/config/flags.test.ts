import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SELDON_FLAGS } from "./flag-table.ts";
import { FLAGS } from "./flag-table.ts";
import { parseFlags, type Options } from "./flags.ts";
import { durationMs } from "./go-values.ts";

const OWN = ["--sdep", "iris", "--namespace", "default", "--predictor", "main"];

function read(...args: string[]): Options {
  const parsed = parseFlags([...OWN, ...args], {});
  assert.equal(parsed.kind, "options", JSON.stringify(parsed));
  return (parsed as { readonly options: Options }).options;
}

function fault(...args: string[]): string {
  const parsed = parseFlags(args, {});
  assert.equal(parsed.kind, "wrong");
  return (parsed as { readonly message: string }).message;
}

/** A command line as Seldon 1.17.1's operator writes it, and what else the executor takes. */
const VALUES: Readonly<Record<keyof typeof SELDON_FLAGS, string>> = {
  sdep: "iris",
  namespace: "default",
  predictor: "main",
  file: "graph.yaml",
  http_port: "8000",
  grpc_port: "5001",
  protocol: "kfserving",
  transport: "grpc",
  server_type: "rpc",
  hostname: "pod-1",
  prometheus_path: "/prometheus",
  full_health_checks: "true",
  graceful_timeout: "1m30s",
  shutdown_delay: "500ms",
  debug: "true",
  log_level: "WARNING",
  logger_workers: "3",
  log_work_buffer_size: "100",
  log_write_timeout_ms: "1000",
  log_kafka_broker: "",
  log_kafka_topic: "",
  kafka_broker: "",
  kafka_input_topic: "",
  kafka_output_topic: "",
  kafka_full_graph: "false",
  kafka_workers: "4",
  kafka_auto_commit: "true",
  config: "kube.yaml",
};

describe("flags", () => {
  it("are the executor's, in every form that Go's flag package takes", () => {
    const entries = Object.entries(VALUES);
    const isBoolean = (name: string): boolean => FLAGS[name]?.kind === "boolean";
    const inline = entries.map(([name, value]) => `--${name}=${value}`);
    const oneDash = entries.map(([name, value]) => `-${name}=${value}`);
    // A boolean's value is never an argument of its own.
    const spaced = entries.flatMap(([name, value]) =>
      isBoolean(name) ? [`--${name}=${value}`] : [`--${name}`, value],
    );
    const forms = [inline, oneDash, spaced].map((args) => parseFlags(args, {}));
    for (const form of forms) assert.deepEqual(form, forms[0]);
    const { options } = forms[0] as { readonly options: Options };
    const { httpPort, grpcPort, protocol, prometheusPath, gracefulTimeoutMs, shutdownDelayMs, fullHealthChecks } =
      options;
    assert.deepEqual(
      { httpPort, grpcPort, protocol, prometheusPath, gracefulTimeoutMs, shutdownDelayMs, fullHealthChecks },
      {
        httpPort: 8000,
        grpcPort: 5001,
        protocol: "v2",
        prometheusPath: "/prometheus",
        gracefulTimeoutMs: 90_000,
        shutdownDelayMs: 500,
        fullHealthChecks: true,
      },
    );
  });

  it("take booleans as Go does", () => {
    for (const value of ["1", "t", "T", "true", "TRUE", "True"]) {
      assert.equal(read(`--full_health_checks=${value}`).fullHealthChecks, true, value);
    }
    for (const value of ["0", "f", "F", "false", "FALSE", "False"]) {
      assert.equal(read(`--full_health_checks=${value}`).fullHealthChecks, false, value);
    }
    assert.equal(read("--full_health_checks").fullHealthChecks, true);
  });

  it("are over at --, and the last of two holds", () => {
    assert.equal(read("--http_port=1", "--http_port=2", "--", "--http_port=3").httpPort, 2);
  });

  it("have defaults that are valid themselves", () => {
    const args = Object.entries(FLAGS)
      .filter(([name, { initial }]) => initial !== "" && !["sdep", "namespace", "predictor"].includes(name))
      .map(([name, { initial }]) => `--${name}=${initial}`);
    assert.deepEqual(read(...args), read());
  });

  it("hold a time down to what a timer can wait", () => {
    assert.equal(read("--graceful_timeout=9999h").gracefulTimeoutMs, 2 ** 31 - 1);
  });

  const delays: readonly (readonly [number, readonly string[], string])[] = [
    [0, [], "none without a delay"],
    [9000, ["--shutdown_delay=5s"], "a second before models are told to stop"],
    [3600, ["--shutdown_delay=2s"], "less where the delay is short"],
    [12_000, ["--shutdown_delay=12s"], "never less than the delay"],
    [5000, ["--shutdown_delay=5s", "--shutdown_delay_max=0"], "the delay and no more"],
    [12_000, ["--shutdown_delay=5s", "--shutdown_delay_max=12s"], "what is given"],
    [12_500, ["--shutdown_delay=5s", "--shutdown_delay_max=1m"], "what leaves half of the time for requests in flight"],
    [5100, ["--shutdown_delay=5s", "--graceful_timeout=200ms"], "the same, where that is the default"],
  ];
  for (const [ms, args, what] of delays) {
    it(`bound the delay after the signal to stop: ${what}`, () => {
      assert.equal(read(...args).shutdownDelayMaxMs, ms);
    });
  }

  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["a missing name", ["--namespace=a", "--predictor=b"], /--sdep is required/],
    ["an unknown flag", [...OWN, "--sdp=a"], /--sdp=a is not a flag/],
    ["a stray word", [...OWN, "serve"], /serve is not a flag/],
    ["no value", [...OWN, "--http_port"], /--http_port needs a value/],
    ["a port that is no number", [...OWN, "--http_port=http"], /--http_port: "http" is not a whole number/],
    ["a port that there is not", [...OWN, "--grpc_port=65536"], /--grpc_port: 65536 is more than 65535/],
    ["a boolean that is none", [...OWN, "--debug=yes"], /--debug: "yes" is not true or false/],
    ["a time without unit", [...OWN, "--graceful_timeout=15"], /"15" is not a duration such as 15s/],
    ["an unknown protocol", [...OWN, "--protocol=grpc"], /--protocol grpc is unknown/],
    ["the Kafka server", [...OWN, "--server_type=kafka"], /--server_type kafka is not served/],
    ["neither off nor on", [...OWN, "--node_tls=yes"], /--node_tls yes is neither off nor on/],
    ["a key without its certificate", [...OWN, "--node_tls=on", "--node_key_file=k"], /go together/],
    ["a name without TLS", [...OWN, "--xds_server=a:1", "--xds_server_name=b"], /no effect without --xds_ca_file/],
  ];
  for (const [what, args, says] of wrong) {
    it(`are refused with the reason: ${what}`, () => {
      assert.match(fault(...args), says);
    });
  }

  it("switch TLS to the control plane on by https:// or by an authority", () => {
    assert.equal(read("--xds_server=a:1").xdsTls, undefined);
    assert.deepEqual(read("--xds_server=https://a:1").xdsTls, {
      caFile: undefined,
      pair: undefined,
      serverName: undefined,
    });
    assert.equal(read("--xds_server=a:1", "--xds_ca_file=ca").xdsTls?.caFile, "ca");
  });
});

describe("a duration", () => {
  const rows: readonly (readonly [string, number | undefined])[] = [
    ["0", 0],
    ["0s", 0],
    ["15s", 15_000],
    ["1m30s", 90_000],
    ["1h", 3_600_000],
    ["1.5s", 1500],
    ["250us", 0.25],
    ["", undefined],
    ["15", undefined],
    ["-1s", undefined],
    ["s", undefined],
    ["1d", undefined],
  ];
  for (const [text, ms] of rows) {
    it(`${JSON.stringify(text)} is ${ms} ms`, () => {
      assert.equal(durationMs(text), ms);
    });
  }
});
