import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LogEvent } from "./log-event.ts";
import { PayloadRunLog, skipsLogging, validTraceparent } from "./run-log.ts";
import { graphOf, json, modelGraph, originOf } from "./tests/made.ts";

/** What is logged of a node at each stage: `request`, `response` and `feedback` with what the stage had. */
function logged(root: Readonly<Record<string, unknown>>): string[] {
  const endpoint = { service_host: "127.0.0.1", service_port: 1, httpPort: 1 };
  const children = [{ name: "child", type: "MODEL", endpoint }];
  const graph = graphOf({ name: "n", endpoint, children, ...root });
  const events: LogEvent[] = [];
  const log = new PayloadRunLog(originOf(graph), (event) => events.push(event));
  log.given(graph.root, json("given"));
  if (graph.root.input !== "none") log.processed(graph.root, json("processed"));
  log.answered(graph.root, json("answered"));
  log.feedback(graph.root, json("feedback"));
  return events.map((one) => `${one.type.split(".").at(-1) ?? ""} ${one.chunks.toString()}`);
}

const logger = { mode: "all" };

describe("PayloadRunLog", () => {
  it("logs what the mode says, feedback with the responses", () => {
    const type = "ROUTER";
    assert.deepEqual(logged({ type, logger: { mode: "request" } }), ["request given"]);
    assert.deepEqual(logged({ type, logger: { mode: "response" } }), ["response answered", "feedback feedback"]);
    assert.deepEqual(logged({ type, logger }), ["request given", "response answered", "feedback feedback"]);
    assert.deepEqual(logged({ type }), []);
  });

  it("answers for a node with its last own payload: its input stage's, where only its children come after", () => {
    const response = (root: Readonly<Record<string, unknown>>) => logged({ ...root, logger: { mode: "response" } })[0];
    assert.equal(response({ type: "MODEL" }), "response processed");
    assert.equal(response({ type: "MODEL", children: [] }), "response processed");
    assert.equal(response({ type: "TRANSFORMER" }), "response processed");
    assert.equal(response({ type: "OUTPUT_TRANSFORMER" }), "response answered");
    assert.equal(response({ type: "COMBINER" }), "response answered");
    assert.equal(response({ type: "MODEL", methods: ["AGGREGATE"] }), "response answered");
    assert.equal(response({ type: "MODEL", methods: ["TRANSFORM_OUTPUT"] }), "response answered");
    assert.equal(response({ type: "MODEL", methods: ["ROUTE"] }), "response processed");
  });
});

describe("a logger that can't be used", () => {
  it("is a warning, and the node is served without it", () => {
    for (const wrong of [
      { mode: "ALL" },
      { mode: "" },
      {},
      { mode: "all", url: "collector:80" },
      { mode: "all", url: "http://" },
    ]) {
      const graph = graphOf({ name: "m", implementation: "SIMPLE_MODEL", logger: wrong });
      assert.equal(graph.root.logger, undefined, JSON.stringify(wrong));
      assert.equal(graph.logsPayloads, false);
    }
    assert.equal(modelGraph("https://user@collector:8443/x?y=z").logsPayloads, true);
  });
});

describe("skipsLogging", () => {
  const skips = (...values: string[]) =>
    skipsLogging({
      pairs: ["x", "true", ...values.flatMap((value) => ["seldon-skip-logging", value])],
      acceptEncoding: "",
    });

  it("takes true, on and 1 in any case and in any of several values", () => {
    for (const yes of ["true", "TRUE", "True", "on", "ON", "1", "no, On", " 1 "]) assert.ok(skips(yes), yes);
    assert.ok(skips("0", "true"));
    for (const no of ["", "false", "0", "yes", "11", "truely"]) assert.ok(!skips(no), no);
    assert.ok(!skips());
  });
});

describe("validTraceparent", () => {
  it("passes a W3C trace context on and nothing else", () => {
    const good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    assert.equal(validTraceparent(good), good);
    const bad = [
      `${good}-extra`,
      good.replace("00-", "ff-"),
      good.toUpperCase(),
      good.replace("4bf", ""),
      "",
      undefined,
    ];
    for (const one of bad) assert.equal(validTraceparent(one), "");
    assert.equal(validTraceparent(`00-${"0".repeat(32)}-00f067aa0ba902b7-01`), "");
  });
});
