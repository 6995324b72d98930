import assert from "node:assert/strict";
import { request } from "node:http";
import { once } from "node:events";
import { describe, it } from "node:test";
import { callGrpc, startBed, type TestBed, type TestNode } from "./orchestrator.ts";
import { encodeRequest } from "./stub-node.ts";

const PREDICT = "/seldon.protos.Seldon/Predict";
const MODEL: TestNode = { name: "m", type: "MODEL" };
const REPLIES = {
  "m/predict": { body: { strData: "x" } },
  "m/metadata": {
    body: {
      name: "m",
      platform: "test",
      versions: ["1"],
      inputs: [{ name: "in", datatype: "FP32", shape: [1] }],
      outputs: [],
    },
  },
  "m/health/status": { body: { ok: true } },
};

async function withBed(check: (bed: TestBed) => Promise<void>, env: Record<string, string> = {}): Promise<void> {
  const bed = await startBed(MODEL, REPLIES, { env, flags: ["--prometheus_path=/prometheus"] });
  try {
    await check(bed);
  } finally {
    await bed.stop();
  }
}

describe("the REST API", { concurrency: 8 }, () => {
  it("serves every path and method of protocol seldon, and no other", async () => {
    await withBed(async (bed) => {
      const rows: readonly [string, string, number, string | null][] = [
        ["POST", "/api/v0.1/predictions", 200, "OPTIONS,POST"],
        ["OPTIONS", "/api/v1.0/predictions", 200, "OPTIONS,POST"],
        ["GET", "/api/v1.0/predictions", 405, null],
        ["POST", "/api/v1.0/predictions/", 404, null],
        ["GET", "/api/v1.0/status/m", 200, "GET,OPTIONS"],
        ["GET", "/api/v0.1/status/zz", 404, "GET,OPTIONS"],
        ["GET", "/api/v1.0/status", 200, "GET,OPTIONS"],
        ["GET", "/api/v1.0/health/status", 200, "GET,OPTIONS"],
        ["GET", "/api/v0.1/status", 404, null],
        ["GET", "/api/v0.1/metadata/m", 200, "GET,OPTIONS"],
        ["GET", "/api/v1.0/metadata", 200, "GET,OPTIONS"],
        ["POST", "/ready", 200, null],
        ["GET", "/live", 200, null],
        ["GET", "/prometheus", 200, null],
        ["GET", "/metrics", 404, null],
        ["GET", "/pause", 404, null],
      ];
      for (const [method, path, status, methods] of rows) {
        const response = await fetch(bed.url + path, { method, ...(method === "POST" ? { body: "{}" } : {}) });
        await response.arrayBuffer();
        assert.equal(response.status, status, `${method} ${path}`);
        assert.equal(response.headers.get("access-control-allow-methods"), methods, `${method} ${path}`);
      }
    });
  });

  it("answers with puid, CORS and CloudEvents headers", async () => {
    await withBed(
      async (bed) => {
        const made = await fetch(`${bed.url}/live`);
        assert.equal(made.headers.get("seldon-puid")?.length, 36);
        const response = await fetch(`${bed.url}/api/v1.0/predictions`, {
          method: "POST",
          body: "{}",
          headers: { "seldon-puid": "mine", "ce-specversion": "1.0" },
        });
        assert.equal(response.headers.get("seldon-puid"), "mine");
        assert.equal(response.headers.get("access-control-allow-origin"), "https://a.example");
        assert.equal(response.headers.get("ce-id"), "mine");
        assert.equal(response.headers.get("ce-specversion"), "0.3");
        assert.equal(response.headers.get("ce-path"), "/api/v1.0/predictions");
        assert.equal(response.headers.get("ce-type"), "seldon.iris.default.response");
        assert.equal(response.headers.get("ce-source"), "seldon.iris");
        assert.equal(bed.calls[0]?.headers["seldon-puid"], "mine");
      },
      { CORS_ALLOWED_ORIGINS: "https://a.example" },
    );
  });

  it("hands on the client's headers, without those of one hop and ours; bodies byte for byte", async () => {
    await withBed(async (bed) => {
      const body = Buffer.from([0, 1, 2, 0xff]);
      const headers = {
        connection: "x-hop",
        "x-hop": "1",
        "x-custom": "kept",
        "x-graphway-shadow": "1",
        "x-graphway-decision": "d",
        te: "trailers",
        "content-type": "application/octet-stream",
        "accept-encoding": "br",
        traceparent: "00-1-2-01",
      };
      const client = request(`${bed.url}/api/v1.0/predictions`, { method: "POST", headers });
      client.end(body);
      const [response] = (await once(client, "response")) as [{ resume(): void }];
      response.resume();
      const call = bed.calls[0];
      assert.deepEqual(call?.raw, body);
      assert.equal(call.headers["x-custom"], "kept");
      assert.equal(call.headers["traceparent"], "00-1-2-01");
      assert.equal(call.headers["content-type"], "application/octet-stream");
      assert.equal(call.headers["accept-encoding"], "br");
      for (const name of ["x-hop", "x-graphway-shadow", "x-graphway-decision", "te"]) {
        assert.equal(call.headers[name], undefined, name);
      }
    });
  });

  it("counts server and node calls under Seldon's names and labels", async () => {
    await withBed(async (bed) => {
      await (await fetch(`${bed.url}/api/v1.0/predictions`, { method: "POST", body: "{}" })).arrayBuffer();
      await callGrpc(bed.app.grpcPort, PREDICT, encodeRequest("Predict", {}));
      const text = await (await fetch(`${bed.url}/prometheus`)).text();
      const whose = (service: string) => `predictor_name="main",predictor_version="",service="${service}"`;
      const node = 'model_image="",model_name="m",model_version=""';
      const rest = (of: string) => `code="200",deployment_name="iris",method="post",${of}`;
      const unary = (of: string) => `code="OK",deployment_name="iris",method="unary",${of}`;
      const [server, client] = [
        "seldon_api_executor_server_requests_seconds",
        "seldon_api_executor_client_requests_seconds",
      ];
      for (const line of [
        `${server}_count{${rest(whose("predictions"))}} 1`,
        `${client}_count{${rest(`${node},${whose("/predict")}`)}} 1`,
        `${server}_count{${unary(whose("/seldon.protos.Seldon/Predict"))}} 1`,
        `${client}_summary_count{${unary(`${node},${whose("/seldon.protos.Model/Predict")}`)}} 1`,
      ]) {
        assert.ok(text.includes(line), `${line}\nis not in\n${text}`);
      }
      assert.match(text, /_server_requests_seconds_bucket\{[^}]*le="7.5"\} 1/);
      assert.match(text, /_seconds_summary\{[^}]*quantile="0.98"\} \d/);
    });
  });

  it("tells the graph's metadata", async () => {
    await withBed(async (bed) => {
      const response = await fetch(`${bed.url}/api/v1.0/metadata`);
      const inputs = [{ name: "in", datatype: "FP32", shape: [1] }];
      assert.deepEqual(await response.json(), {
        name: "main",
        models: { m: { name: "m", platform: "test", versions: ["1"], inputs, outputs: [] } },
        graphinputs: inputs,
        graphoutputs: [],
      });
    });
  });
});

describe("the gRPC API", { concurrency: 8 }, () => {
  it("answers puid and routing as metadata, and hands on the client's", async () => {
    await withBed(async (bed) => {
      const headers = { "seldon-puid": "mine", "x-custom": "kept", "x-graphway-decision": "d" };
      const answer = await callGrpc(bed.app.grpcPort, PREDICT, encodeRequest("Predict", {}), headers);
      assert.equal(answer.code, 0, answer.details);
      assert.equal(answer.metadata["seldon-puid"], "mine");
      assert.equal(answer.metadata["x-graphway-routing"], "m=-1");
      assert.equal(answer.metadata["x-graphway-path"], undefined);
      const seen = bed.calls[0]?.headers ?? {};
      assert.deepEqual([seen["seldon-puid"], seen["x-custom"]], ["mine", "kept"]);
      assert.equal(seen["x-graphway-decision"], undefined);
    });
  });

  it("serves metadata and health", async () => {
    await withBed(async (bed) => {
      const graph = await callGrpc(bed.app.grpcPort, "/seldon.protos.Seldon/GraphMetadata", Buffer.alloc(0));
      assert.equal(graph.code, 0, graph.details);
      assert.ok(graph.raw.includes("FP32"));
      const name = Buffer.from([0x0a, 1, "m".charCodeAt(0)]);
      const model = await callGrpc(bed.app.grpcPort, "/seldon.protos.Seldon/ModelMetadata", name);
      assert.ok(model.raw.includes("test"));
      const zz = Buffer.from([0x0a, 1, "z".charCodeAt(0)]);
      assert.equal((await callGrpc(bed.app.grpcPort, "/seldon.protos.Seldon/ModelMetadata", zz)).code, 5);
      const health = await callGrpc(bed.app.grpcPort, "/grpc.health.v1.Health/Check", Buffer.alloc(0));
      assert.equal(health.raw.toString("hex"), "0801");
      assert.equal((await callGrpc(bed.app.grpcPort, "/grpc.health.v1.Health/Check", zz)).code, 5);
    });
  });
});
