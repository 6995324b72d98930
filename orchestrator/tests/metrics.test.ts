import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { FAMILIES, type Family } from "../src/observe/families.ts";
import { callGrpc, startBed, type TestBed, type TestNode } from "./orchestrator.ts";
import { encodeRequest } from "./stub-node.ts";

const OK = { body: { data: { ndarray: [[1]] } } };
const MODEL: TestNode = { name: "m", type: "MODEL" };
const BODY = '{"data":{"ndarray":[[1]]}}';

describe("metrics", { timeout: 600_000 }, () => {
  it("count 21,000 calls to three nodes at once exactly", async () => {
    const graph: TestNode = {
      name: "a",
      type: "TRANSFORMER",
      children: [{ name: "b", type: "TRANSFORMER", children: [{ name: "c", type: "MODEL" }] }],
    };
    const bed = await startBed(graph, { "a/transform-input": OK, "b/transform-input": OK, "c/predict": OK });
    const requests = 7000;
    try {
      await flood(bed, requests, 64);
      const text = await scrape(bed);
      for (const [node, service] of [
        ["a", "/transform-input"],
        ["b", "/transform-input"],
        ["c", "/predict"],
      ] as const) {
        const of = [`code="200"`, `method="post",model_image="",model_name="${node}",model_version=""`];
        const labels = `service="${service}"`;
        assert.equal(sum(text, `seldon_api_executor_client_requests_seconds_count{`, ...of, labels), requests, node);
        const buckets = `seldon_api_executor_client_requests_seconds_bucket{`;
        assert.equal(sum(text, buckets, ...of, `${labels},le="+Inf"`), requests);
        assert.equal(bed.calls.filter((call) => call.node === node).length, requests);
      }
      const server = [`code="200"`, `method="post"`, `service="predictions"`];
      assert.equal(sum(text, "seldon_api_executor_server_requests_seconds_count{", ...server), requests);
      assert.equal(sum(text, "graphway_orchestrator_requests_in_flight{", ""), 0);
    } finally {
      await bed.stop();
    }
  });

  it("measure status and metadata, of the client and of the node", async () => {
    const bed = await startBed(MODEL, { "m/metadata": { body: { name: "m" } }, "m/health/status": { body: {} } });
    try {
      for (const path of ["metadata/m", "status/m", "metadata/nobody", "metadata"]) {
        await (await fetch(`${bed.url}/api/v1.0/${path}`)).arrayBuffer();
      }
      const text = await scrape(bed);
      const server = "seldon_api_executor_server_requests_seconds_count{";
      assert.equal(sum(text, server, `code="200"`, `method="get"`, `service="metadata"`), 2);
      assert.equal(sum(text, server, `code="404"`, `method="get"`, `service="metadata"`), 1);
      assert.equal(sum(text, server, `code="200"`, `method="get"`, `service="status"`), 1);
      const client = "seldon_api_executor_client_requests_seconds_count{";
      const asked = [`code="200"`, `method="get"`, `model_name="m"`];
      assert.equal(sum(text, client, ...asked, `service="/metadata"`), 2);
      assert.equal(sum(text, client, ...asked, `service="/health/status"`), 1);
      assert.equal(text.includes("nobody"), false, "no label comes from a URL");
    } finally {
      await bed.stop();
    }
  });

  it("count calls that were never answered, and requests by what they failed of", async () => {
    const unreachable: TestNode = { ...MODEL, endpoint: { service_port: 1, httpPort: 1 } };
    const bed = await startBed(unreachable, {}, { flags: ["--max_body_bytes=100"] });
    try {
      await post(bed);
      await post(bed, {}, JSON.stringify("x".repeat(200)));
      const text = await scrape(bed);
      const client = "seldon_api_executor_client_requests_seconds_count{";
      assert.equal(sum(text, client, `code="503"`, `model_name="m"`, `service="/predict"`), 1);
      assert.equal(sum(text, "graphway_orchestrator_request_failures_total{", `cause="unreachable"`), 1);
      assert.equal(sum(text, "graphway_orchestrator_request_failures_total{", `cause="too-large"`), 1);
      assert.equal(sum(text, "graphway_orchestrator_request_failures_total{", `cause="overloaded"`), 0);
    } finally {
      await bed.stop();
    }
  });

  it("show what is in flight and what waits for a node, refusals, deadlines and clients that went away", async () => {
    const bed = await startBed(
      MODEL,
      { "m/predict": { hang: true } },
      { flags: ["--node_connections=1", "--node_queue=1"] },
    );
    const url = new URL(bed.url);
    try {
      const sockets = [1, 2].map(() => connect(Number(url.port), "127.0.0.1"));
      for (const socket of sockets) {
        socket.on("error", () => {});
        socket.write(`POST /api/v1.0/predictions HTTP/1.1\r\nhost: x\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`);
      }
      const pool = `{node="m",transport="rest"}`;
      await until(bed, (text) => text.includes(`graphway_orchestrator_node_calls_waiting${pool} 1\n`));
      const busy = await scrape(bed);
      assert.match(busy, /graphway_orchestrator_requests_in_flight\{transport="rest"\} 2\n/);
      assert.ok(busy.includes(`graphway_orchestrator_node_calls_in_use${pool} 1\n`));
      assert.equal((await post(bed)).status, 503);
      for (const socket of sockets) socket.destroy();
      await until(bed, (text) => text.includes(`requests_in_flight{transport="rest"} 0\n`));
      assert.equal((await post(bed, { "x-graphway-timeout-ms": "20" })).status, 504);
      const text = await scrape(bed);
      const failures = "graphway_orchestrator_request_failures_total{";
      assert.equal(sum(text, failures, `cause="overloaded"`), 1);
      assert.equal(sum(text, failures, `cause="cancelled"`), 2);
      assert.equal(sum(text, failures, `cause="too-slow"`), 1);
      assert.equal(sum(text, "seldon_api_executor_client_requests_seconds_count{", `code="504"`), 1);
    } finally {
      await bed.stop();
    }
  });

  it("count shadow requests beside Seldon's families", async () => {
    const bed = await startBed(MODEL, { "m/predict": OK });
    try {
      await post(bed);
      await post(bed, { "x-graphway-shadow": "1" });
      const message = encodeRequest("Predict", { data: { ndarray: [[1]] } });
      await callGrpc(bed.app.grpcPort, "/seldon.protos.Seldon/Predict", message, { "x-graphway-shadow": "1" });
      const text = await scrape(bed);
      assert.equal(sum(text, "graphway_orchestrator_shadow_requests_total{", `service="predictions"`), 1);
      const grpc = `service="/seldon.protos.Seldon/Predict"`;
      assert.equal(sum(text, "graphway_orchestrator_shadow_requests_total{", grpc), 1);
      assert.equal(sum(text, "seldon_api_executor_server_requests_seconds_count{", `service="predictions"`), 2);
    } finally {
      await bed.stop();
    }
  });

  it("carry the predictor's version and a registry with a port", async () => {
    const containers = [{ name: "m", image: "host:5000/img:1" }];
    const predictor = { labels: { version: "v7" }, componentSpecs: [{ spec: { containers } }] };
    const bed = await startBed(MODEL, { "m/predict": OK }, { predictor });
    try {
      await post(bed);
      const labels = [`predictor_version="v7"`, `model_image="host:5000/img"`, `model_version="1"`];
      assert.equal(sum(await scrape(bed), "seldon_api_executor_client_requests_seconds_count{", ...labels), 1);
    } finally {
      await bed.stop();
    }
  });

  it("are all in the table, and say what it says", async () => {
    const bed = await startBed(MODEL, { "m/predict": OK });
    try {
      await post(bed, { "x-graphway-shadow": "1" });
      await scrape(bed);
      const text = await until(bed, (one) => one.includes("nodejs_eventloop_lag_p99_seconds "));
      const families = new Map(Object.values(FAMILIES).map((one: Family) => [one.name, one]));
      const heads = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE (\S+) (\S+)$/gm)];
      assert.equal(new Set(heads.map(([, name]) => name)).size, heads.length, "every family is written once");
      for (const [, name = "", help, , type] of heads) {
        assert.deepEqual({ help, type }, { help: families.get(name)?.help, type: families.get(name)?.type }, name);
        families.delete(name);
      }
      // These need another process, another service or a setting.
      const elsewhere = /workers?(_|$)|_xds_|graphs_refused|spans_total/;
      assert.deepEqual(
        [...families.keys()].filter((name) => !elsewhere.test(name)),
        [],
      );
      for (const line of text.split("\n")) {
        assert.match(
          line,
          /^$|^# (HELP|TYPE) |^[a-z_\d]+(\{([a-z_]+="[^"]*",?)+\})? (NaN|[+-]?(Inf|[\d.]+(e-?\d+)?))$/,
        );
      }
    } finally {
      await bed.stop();
    }
  });
});

/** The sum of the samples that begin with `name` and have all of the parts in them. */
function sum(text: string, name: string, ...parts: readonly string[]): number {
  return text
    .split("\n")
    .filter((line) => line.startsWith(name) && parts.every((part) => line.includes(part)))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

async function scrape(bed: TestBed): Promise<string> {
  return (await fetch(`${bed.url}/metrics`)).text();
}

async function until(bed: TestBed, condition: (text: string) => boolean): Promise<string> {
  const endMs = performance.now() + 30_000;
  for (;;) {
    const text = await scrape(bed);
    if (condition(text)) return text;
    assert.ok(performance.now() < endMs, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function post(bed: TestBed, headers: Readonly<Record<string, string>> = {}, body = BODY): Promise<Response> {
  const response = await fetch(`${bed.url}/api/v1.0/predictions`, { method: "POST", headers, body });
  await response.arrayBuffer();
  return response;
}

/** So many predictions by so many clients; every one is answered 200. */
async function flood(bed: TestBed, requests: number, clients: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const { port } = new URL(bed.url);
  let left = requests;
  const client = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const call = request({ agent, host: "127.0.0.1", port, method: "POST", path: "/api/v1.0/predictions" });
      call.end(BODY);
      const [response] = (await once(call, "response")) as [NodeJS.ReadableStream & { statusCode: number }];
      response.resume();
      assert.equal(response.statusCode, 200);
      await once(response, "end");
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
}
