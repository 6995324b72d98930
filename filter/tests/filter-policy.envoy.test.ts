import assert from "node:assert/strict";
import type { OutgoingHttpHeaders } from "node:http";
import { describe, test } from "node:test";
import { call, type Sent } from "./envoy/call.ts";
import { poll } from "./envoy/envoy.ts";
import { useRig } from "./envoy/rig.ts";
import { GUARDED, PATH, SECRET } from "./envoy/tables.ts";
import type { Seen } from "./envoy/upstream.ts";

describe("rules, cookies, grants, deadlines and limits in a real Envoy", { timeout: 600_000 }, () => {
  const { filtered, seenBy, forget } = useRig();

  const lastSeen = (): Seen => {
    const all = [...seenBy("main"), ...seenBy("canary")];
    assert.equal(all.length, 1);
    return all[0] as Seen;
  };

  test("a rule takes the requests that meet its conditions", async () => {
    forget();
    for (let index = 0; index < 10; index++)
      assert.equal((await call(filtered(), GUARDED, { "x-segment": "beta-7", "x-user": `u${index}` })).body, "canary");
    assert.match(String(seenBy("canary")[0]?.headers["x-graphway-route"]), /^1\.s1\.[0-9a-f]{3}$/);
  });

  test("a new client gets a cookie, and comes back to the same predictor with it", async () => {
    for (let index = 0; index < 10; index++) {
      const first = await call(filtered(), GUARDED);
      assert.equal(first.cookies.length, 1);
      const [, cookie = ""] =
        /^(graphway-split=[0-9a-f]{16}); Path=\/seldon\/default\/guarded\/; HttpOnly$/.exec(first.cookies[0] ?? "") ??
        [];
      assert.notEqual(cookie, "");
      const again = await call(filtered(), GUARDED, { cookie });
      assert.deepEqual(again, { ...first, cookies: [] });
    }
    assert.deepEqual((await call(filtered(), GUARDED, { "x-user": "1" })).cookies, []);
    assert.deepEqual((await call(filtered(), PATH)).cookies, []);
    assert.deepEqual((await call(filtered(), PATH, { "x-graphway-set-cookie": "evil=1" })).cookies, []);
  });

  test("only who shows the secret may force, only who has the claim may ask", async () => {
    const ask = { "x-graphway-force": "router=1", "x-graphway-explain": "1", "x-user": "1" };
    const branchAndDecision = async (more: OutgoingHttpHeaders): Promise<readonly boolean[]> => {
      forget();
      await call(filtered(), GUARDED, { ...ask, ...more });
      const { headers } = lastSeen();
      assert.equal(headers["x-graphway-secret"], undefined);
      return [headers["x-graphway-branch"] === "router=1", headers["x-graphway-decision"] !== undefined];
    };
    assert.deepEqual(await branchAndDecision({}), [false, false]);
    assert.deepEqual(await branchAndDecision({ "x-graphway-secret": "wrong" }), [false, false]);
    assert.deepEqual(await branchAndDecision({ "x-graphway-secret": SECRET }), [true, false]);
    assert.deepEqual(await branchAndDecision({ "x-jwt-role": "admin" }), [false, true]);
    assert.deepEqual(await branchAndDecision({ "x-jwt-role": ["admin", "admin"] }), [false, false]);
  });

  test("a deadline is the client's within the deployment's", async () => {
    const deadline = async (said: OutgoingHttpHeaders): Promise<unknown> => {
      forget();
      await call(filtered(), GUARDED, { "x-user": "1", ...said });
      return lastSeen().headers["x-graphway-timeout-ms"];
    };
    assert.equal(await deadline({}), "5000");
    assert.equal(await deadline({ "x-graphway-timeout-ms": "4000" }), "4000");
    assert.equal(await deadline({ "x-graphway-timeout-ms": "9000" }), "8000");
    assert.equal(await deadline({ "x-graphway-timeout-ms": "soon" }), "5000");
  });

  test("a shadow with a limit gets small bodies beside its predictor alone", async () => {
    const copies = async (more: OutgoingHttpHeaders, sending: Sent): Promise<boolean> => {
      forget();
      await call(filtered(), GUARDED, more, sending);
      const marked = lastSeen().headers["x-graphway-shadow-cluster-1"] === "shadow";
      if (marked) await poll("the copy", () => Promise.resolve(seenBy("shadow").length === 1 ? true : undefined));
      return marked;
    };
    const beta = { "x-segment": "beta" };
    assert.ok(await copies(beta, {}), "without a body");
    assert.ok(await copies(beta, { body: "0123456789" }));
    assert.ok(!(await copies(beta, { body: "0123456789a" })), "too long");
    assert.ok(!(await copies(beta, { body: "0", isChunked: true })), "of unknown length");
    const force = { "x-graphway-force": "predictor=main", "x-graphway-secret": SECRET };
    assert.ok(!(await copies(force, {})), "beside another predictor");
  });
});
