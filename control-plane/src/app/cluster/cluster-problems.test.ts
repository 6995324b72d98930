import assert from "node:assert/strict";
import { test } from "node:test";
import { oldProxyProblems } from "./cluster-problems.ts";

test("of proxies that are too old the same are named, in whatever order they came", () => {
  const why = ["d: old", "b: old", "a: old", "c: old"];
  const [said, ...more] = oldProxyProblems("models/iris", why);
  assert.deepEqual(more, []);
  assert.equal(said?.message, "proxies are too old for its routes: a: old; b: old; c: old; and 1 more");
  assert.deepEqual(oldProxyProblems("models/iris", [...why].reverse()), [said]);
  assert.deepEqual(why, ["d: old", "b: old", "a: old", "c: old"], "the list itself stays as it is");
});

test("nothing is said where no proxy is too old", () => {
  assert.deepEqual(oldProxyProblems("models/iris", []), []);
});
