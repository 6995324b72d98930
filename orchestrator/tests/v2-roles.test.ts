import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TestNode } from "./orchestrator.ts";
import { asked, binaryReply, chainOf, post, withBed } from "./v2-bed.ts";

describe("routers and combiners of v2 over REST", { concurrency: 4 }, () => {
  const router: TestNode = { name: "r", type: "ROUTER", children: [chainOf("a"), chainOf("b")] };
  const chosen = { "b/v2/models/b/infer": { body: { outputs: [] } } };

  it("a router that knows /route is read as Seldon reads it", () =>
    withBed(router, { "r/v2/models/r/route": { body: { data: { ndarray: [[1]] } } }, ...chosen }, async (bed) => {
      assert.equal((await post(bed, "/v2/models/infer", "{}")).status, 200);
      assert.deepEqual(asked(bed), ["r:v2/models/r/route", "b:v2/models/b/infer"]);
    }));

  it("one that does not is asked by infer, and from then on at once", () =>
    withBed(router, { "r/v2/models/r/infer": { body: { outputs: [{ data: [[1.9]] }] } }, ...chosen }, async (bed) => {
      for (let i = 0; i < 2; i += 1) {
        const answer = await post(bed, "/v2/models/infer", '{"inputs":[]}');
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get("x-graphway-routing")?.includes("r=1"), true);
      }
      const [first, second, third, fourth] = asked(bed);
      assert.deepEqual([first, second, third], ["r:v2/models/r/route", "r:v2/models/r/infer", "b:v2/models/b/infer"]);
      assert.equal(fourth, "r:v2/models/r/infer");
    }));

  it("a route may come in binary", () =>
    withBed(
      router,
      {
        "r/v2/models/r/infer": binaryReply(
          '{"outputs":[{"name":"route","datatype":"INT32","shape":[1],"parameters":{"binary_data_size":4}}]}',
          "01000000",
        ),
        ...chosen,
      },
      async (bed) => {
        assert.equal((await post(bed, "/v2/models/infer", "{}")).status, 200);
        assert.equal(asked(bed).at(-1), "b:v2/models/b/infer");
      },
    ));

  it("a router that names no branch is told so", () =>
    withBed(router, { "r/v2/models/r/infer": { body: { outputs: [{ data: [] }] } } }, async (bed) => {
      const answer = await post(bed, "/v2/models/infer", "{}");
      assert.equal(answer.status, 500);
      assert.match(answer.bytes.toString(), /the reply of router r names no branch/);
    }));

  const combiner: TestNode = { name: "c", type: "COMBINER", children: [chainOf("a"), chainOf("b")] };
  const a = '{"id":"x","outputs":[{"name":"o","data":[9007199254740993]}]}';
  const b = '{"outputs":[ {"data":[2],"name":"o\\u0031"} ]}';
  const children = { "a/v2/models/a/infer": { text: a }, "b/v2/models/b/infer": { text: b } };

  it("a combiner that knows /aggregate gets the replies as they are", () =>
    withBed(combiner, { ...children, "c/v2/models/c/aggregate": { body: { outputs: [] } } }, async (bed) => {
      assert.equal((await post(bed, "/v2/models/infer", "{}")).status, 200);
      assert.equal(bed.calls.at(-1)?.raw.toString(), `[${a},${b}]`);
    }));

  it("one that does not gets all outputs as inputs of one infer, named by their child", () =>
    withBed(combiner, { ...children, "c/v2/models/c/infer": { body: { outputs: [] } } }, async (bed) => {
      for (let i = 0; i < 2; i += 1) {
        assert.equal((await post(bed, "/v2/models/infer", "{}")).status, 200);
        assert.equal(
          bed.calls.at(-1)?.raw.toString(),
          '{"id":"x","inputs":[{"name":"a.o","data":[9007199254740993]},{"data":[2],"name":"b.o1"}]}',
        );
      }
      assert.equal(asked(bed).filter((one) => one === "c:v2/models/c/aggregate").length, 1);
    }));

  it("binary outputs of children follow one another", () =>
    withBed(
      combiner,
      {
        ...children,
        "b/v2/models/b/infer": binaryReply('{"outputs":[{"name":"p","parameters":{"binary_data_size":1}}]}', "7b"),
        "c/v2/models/c/infer": { body: { outputs: [] } },
      },
      async (bed) => {
        assert.equal((await post(bed, "/v2/models/infer", "{}")).status, 200);
        const json =
          '{"id":"x","inputs":[{"name":"a.o","data":[9007199254740993]},{"name":"b.p","parameters":{"binary_data_size":1}}]}';
        const call = bed.calls.at(-1);
        assert.equal(call?.raw.toString(), `${json}{`);
        assert.equal(call.headers["inference-header-content-length"], String(json.length));
      },
    ));
});
