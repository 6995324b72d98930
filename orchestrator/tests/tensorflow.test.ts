import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startBed, type Replies, type TestBed, type TestNode } from "./orchestrator.ts";

const flags = ["--protocol", "tensorflow"];

const leaf = (name: string): TestNode => ({ name, type: "MODEL", children: [] });
const chain: TestNode = { name: "a", type: "MODEL", children: [leaf("b")] };

async function withBed(graph: TestNode, replies: Replies, test: (bed: TestBed) => Promise<void>): Promise<void> {
  const bed = await startBed(graph, replies, { flags });
  try {
    await test(bed);
  } finally {
    await bed.stop();
  }
}

async function ask(bed: TestBed, method: string, path: string, body?: string) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(bed.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

function asked(bed: TestBed): string[] {
  return bed.calls.map((one) => `${one.node}:${one.operation}`);
}

describe("the REST API of tensorflow", () => {
  it("serves its own paths and no other", () =>
    withBed(
      chain,
      {
        "a/v1/models/a": { body: { model_version_status: [] } },
        "b/v1/models/b/metadata": { body: { model_spec: { name: "b" } } },
        "a/v1/models/a:predict": { body: { predictions: [1] } },
        "b/v1/models/b:predict": { body: { predictions: [2] } },
      },
      async (bed) => {
        for (const [method, path, status] of [
          ["POST", "/v1/models/:predict", 200],
          ["POST", "/v1/models:predict", 200],
          ["POST", "/v1/models/a:predict", 200],
          ["POST", "/v1/models/b/:predict", 200],
          ["GET", "/v1/models/a", 200],
          ["GET", "/v1/models/b/metadata", 200],
          ["GET", "/v1/models/zz", 404],
          ["GET", "/v1/models/zz/metadata", 404],
          ["POST", "/v1/models/a:classify", 405],
          ["POST", "/v1/models/a:regress", 405],
          ["GET", "/v1/models/:predict", 405],
          ["POST", "/v1/models/a/versions/1:predict", 404],
          ["POST", "/api/v1.0/predictions", 404],
          ["POST", "/api/v0.1/feedback", 404],
          ["POST", "/v2/models/a/infer", 404],
        ] as const) {
          const body = method === "POST" ? '{"instances":[1]}' : undefined;
          assert.equal((await ask(bed, method, path, body)).status, status, `${method} ${path}`);
        }
      },
    ));

  it("feedback is accepted, given back, and kept from nodes", () =>
    withBed(chain, {}, async (bed) => {
      const answer = await ask(bed, "POST", "/api/v1.0/feedback", '{"reward": 1.0}');
      assert.deepEqual([answer.status, answer.text, bed.calls.length], [200, '{"reward": 1.0}', 0]);
    }));

  it("an error is one that both kinds of client read", () =>
    withBed(chain, { "a/v1/models/a:predict": { body: { else: 1 } } }, async (bed) => {
      const answer = await ask(bed, "POST", "/v1/models/:predict", "{}");
      const info = "Failed to convert tensorflow response so it could be chained to new input";
      assert.equal(answer.status, 500);
      assert.deepEqual(JSON.parse(answer.text), { error: info, status: { code: 500, info, status: "FAILURE" } });
    }));
});

describe("chains of tensorflow over REST", { concurrency: 4 }, () => {
  for (const [reply, next] of [
    ['{"predictions": [[1.50, 9007199254740993]], "x":1}', '{"instances": [[1.50, 9007199254740993]], "x":1}'],
    ['{"outputs":{"a":[1],"b":[2]}}', '{"inputs":{"a":[1],"b":[2]}}'],
    ['{"instances":[1],"predictions":[2]}', '{"instances":[1],"predictions":[2]}'],
    ['{"inputs":[1]}', '{"inputs":[1]}'],
  ] as const) {
    it(`${reply} becomes ${next}`, () =>
      withBed(
        chain,
        { "a/v1/models/a:predict": { text: reply }, "b/v1/models/b:predict": { body: { predictions: [] } } },
        async (bed) => {
          assert.equal((await ask(bed, "POST", "/v1/models/:predict", "{ }")).status, 200);
          assert.deepEqual(
            bed.calls.map((one) => one.raw.toString()),
            ["{ }", next],
          );
        },
      ));
  }
});

describe("routers and combiners of tensorflow over REST", { concurrency: 4 }, () => {
  const router: TestNode = { name: "r", type: "ROUTER", children: [leaf("a"), leaf("b")] };
  const chosen = { "b/v1/models/b:predict": { body: { predictions: [] } } };

  it("a router that knows :route is read as Seldon reads it", () =>
    withBed(router, { "r/v1/models/r:route": { body: [1] }, ...chosen }, async (bed) => {
      assert.equal((await ask(bed, "POST", "/v1/models/:predict", "{}")).status, 200);
      assert.deepEqual(asked(bed), ["r:v1/models/r:route", "b:v1/models/b:predict"]);
    }));

  for (const reply of [
    '{"predictions":[[1.2]]}',
    '{"predictions":[{"branch":1}]}',
    '{"outputs":{"branch":[1]}}',
    '{"outputs":[1]}',
  ]) {
    it(`one that does not is asked to predict: ${reply}`, () =>
      withBed(router, { "r/v1/models/r:predict": { text: reply }, ...chosen }, async (bed) => {
        for (let i = 0; i < 2; i += 1) assert.equal((await ask(bed, "POST", "/v1/models/:predict", "{}")).status, 200);
        const [r, p] = ["r:v1/models/r:predict", "b:v1/models/b:predict"];
        assert.deepEqual(asked(bed), ["r:v1/models/r:route", r, p, r, p]);
      }));
  }

  const combiner: TestNode = { name: "c", type: "COMBINER", children: [leaf("a"), leaf("b")] };

  for (const [a, b, inputs] of [
    ['{"predictions":[[1],[2]]}', '{"predictions":[3,4]}', '{"a":[[1],[2]],"b":[3,4]}'],
    ['{"outputs":{"x":[1],"y":[9007199254740993]}}', '{"outputs":[2]}', '{"a.x":[1],"a.y":[9007199254740993],"b":[2]}'],
    ['{"predictions":[{"x":1,"y":2},{"y":4,"x":3}]}', '{"predictions":[]}', '{"a.x":[1,3],"a.y":[2,4],"b":[]}'],
  ] as const) {
    it(`a combiner's inputs are its children's outputs: ${inputs}`, () =>
      withBed(
        combiner,
        {
          "a/v1/models/a:predict": { text: a },
          "b/v1/models/b:predict": { text: b },
          "c/v1/models/c:predict": { body: { outputs: [] } },
        },
        async (bed) => {
          assert.equal((await ask(bed, "POST", "/v1/models/:predict", "{}")).status, 200);
          assert.deepEqual(asked(bed).slice(2), ["c:v1/models/c:aggregate", "c:v1/models/c:predict"]);
          assert.equal(bed.calls.at(-2)?.raw.toString(), `[${a},${b}]`);
          assert.equal(bed.calls.at(-1)?.raw.toString(), `{"inputs":${inputs}}`);
        },
      ));
  }

  it("rows that differ can't be combined, and the child is named", () =>
    withBed(
      combiner,
      {
        "a/v1/models/a:predict": { text: '{"predictions":[{"x":1},{"y":1}]}' },
        "b/v1/models/b:predict": { text: '{"predictions":[]}' },
      },
      async (bed) => {
        const answer = await ask(bed, "POST", "/v1/models/:predict", "{}");
        assert.equal(answer.status, 500);
        assert.match(answer.text, /the answer of node a can't be combined: its rows have different names/);
      },
    ));
});
