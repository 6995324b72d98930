import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decide, randomFrom } from "#proto/route-table/decide.ts";
import { call } from "./envoy/call.ts";
import { poll } from "./envoy/envoy.ts";
import { useRig } from "./envoy/rig.ts";
import { PATH, table } from "./envoy/tables.ts";

describe("the filter in a real Envoy", { timeout: 600_000 }, () => {
  const { filtered, stripped, seenBy, forget } = useRig();

  test("a request goes where the specification says, and every one is mirrored with a tag", async () => {
    forget();
    for (let index = 0; index < 40; index++) {
      const id = `id-${index}`;
      const expected = decide(
        table,
        [
          [":path", PATH],
          ["x-request-id", id],
        ],
        randomFrom(1),
      ).choice?.predictor.name;
      assert.deepEqual(await call(filtered(), PATH, { "x-request-id": id }), {
        status: 200,
        body: expected,
        cookies: [],
      });
    }
    assert.ok(seenBy("main").length > 20 && seenBy("canary").length > 2);
    const copies = await poll("40 copies", () =>
      Promise.resolve(seenBy("shadow").length === 40 ? seenBy("shadow") : undefined),
    );
    for (const { headers } of copies) {
      assert.equal(headers["x-graphway-shadow"], "1");
      assert.equal(headers["x-graphway-shadow-cluster-1"], undefined);
    }
    assert.ok(seenBy("main").every(({ headers }) => headers["x-graphway-shadow"] === undefined));
    assert.match(String(seenBy("main")[0]?.headers["x-graphway-route"]), /^1\.i\.[0-9a-f]{3}$/);
  });

  test("gRPC metadata names the deployment", async () => {
    const headers = {
      "content-type": "application/grpc",
      seldon: "iris",
      namespace: "default",
      "x-request-id": "id-0",
    };
    const byPath = await call(filtered(), PATH, { "x-request-id": "id-0" });
    assert.deepEqual(await call(filtered(), "/seldon.protos.Seldon/Predict", headers), byPath);
  });

  test("an unknown deployment takes Envoy's own route", async () => {
    assert.equal((await call(filtered(), "/seldon/default/nobody/x")).body, "fallback");
  });

  test("a permitted force is obeyed and consumed, and explained", async () => {
    forget();
    const headers = {
      "x-graphway-force": "predictor=canary;router=1;shadow=off",
      "x-graphway-explain": "1",
      "x-request-id": "id-1",
    };
    assert.equal((await call(filtered(), PATH, headers)).body, "canary");
    const [seen] = seenBy("canary");
    assert.ok(seen !== undefined);
    assert.equal(seen.headers["x-graphway-force"], undefined);
    assert.equal(seen.headers["x-graphway-explain"], undefined);
    assert.equal(seen.headers["x-graphway-branch"], "router=1");
    assert.match(String(seen.headers["x-graphway-decision"]), /^deployment=default\/iris;predictor=canary;by=forced;/);
  });

  const forged = {
    "x-graphway-cluster": "canary",
    "x-graphway-shadow-cluster-1": "shadow",
    "x-graphway-predictor": "evil",
    "x-graphway-branch": "r=1",
  };

  test("forged headers choose nothing and reach nobody: by the filter alone", async () => {
    forget();
    assert.equal((await call(filtered(), "/elsewhere", forged)).body, "fallback");
    assert.equal(
      (await call(filtered(), PATH, { ...forged, "x-request-id": "id-0", "x-graphway-force": "predictor=main" })).body,
      "main",
    );
    for (const { headers } of [...seenBy("fallback"), ...seenBy("main")]) {
      assert.notEqual(headers["x-graphway-predictor"], "evil");
      assert.equal(headers["x-graphway-branch"], undefined);
    }
    assert.equal(seenBy("canary").length, 0);
  });

  test("forged headers choose nothing and reach nobody: without the filter", async () => {
    forget();
    assert.equal((await call(stripped(), "/elsewhere", forged)).body, "fallback");
    const ours = Object.keys(seenBy("fallback")[0]?.headers ?? {}).filter((name) => name.startsWith("x-graphway-"));
    assert.deepEqual(ours, []);
    assert.equal(seenBy("canary").length + seenBy("shadow").length, 0);
  });

  test("a prediction is retried, feedback is not", async () => {
    forget();
    const force = { "x-graphway-force": "predictor=main" };
    assert.equal((await call(filtered(), `${PATH}?fail`, force)).status, 503);
    assert.equal(seenBy("main").length, 3);
    forget();
    assert.equal((await call(filtered(), "/seldon/default/iris/api/v1.0/feedback?fail", force)).status, 503);
    assert.equal(seenBy("main").length, 1);
    assert.equal(seenBy("shadow").length, 0);
  });
});
