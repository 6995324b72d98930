import assert from "node:assert/strict";
import { it } from "node:test";
import { createVersionHistory } from "./version-history.ts";

it("knows which versions have what was there at a revision", () => {
  const history = createVersionHistory();
  history.add(1, "a");
  history.add(3, "b");
  history.add(4, "b");
  history.add(5, "c");
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((revision) => ["a", "b", "c", "x"].filter((one) => history.covers(one, revision)).join("")),
    ["abc", "abc", "abc", "bc", "bc", "c"],
  );
  assert.deepEqual(
    [undefined, "a", "b", "c"].map((one) => history.outdatedAt(one)),
    [1, 3, 5, undefined],
  );
  history.add(6, "a");
  assert.equal(history.covers("a", 6), true);
  assert.equal(history.covers("c", 6), false);
});

it("forgets what is long ago: who is that far behind has nothing", () => {
  const history = createVersionHistory();
  for (let revision = 1; revision <= 1500; revision++) history.add(revision, String(revision));
  assert.equal(history.covers("1", 1), false);
  assert.equal(history.covers("501", 1), true);
  assert.equal(history.covers("1500", 1500), true);
});
