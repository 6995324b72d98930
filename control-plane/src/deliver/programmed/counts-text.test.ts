import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { readCounts, writeCounts, type Counts } from "./counts-text.ts";

const COUNTS: Counts = new Map([
  ["models/iris", { accepted: 2, subscribed: 3 }],
  ["shop/iris", { accepted: 3, subscribed: 3 }],
  ["models/churn", { accepted: 3, subscribed: 3 }],
]);

test("counts come back as they were, and equal counts are equal texts", () => {
  const text = writeCounts(COUNTS);
  assert.deepEqual(readCounts(text), new Map([...COUNTS].sort(([, a], [, b]) => a.accepted - b.accepted)));
  assert.equal(writeCounts(new Map([...COUNTS].reverse())), text);
  assert.deepEqual(readCounts(writeCounts(new Map())), new Map());
});

test("what does not fit is left out, the accepted first", () => {
  const many: Counts = new Map(
    Array.from({ length: 60_000 }, (_, index): [string, { accepted: number; subscribed: number }] => {
      const name = `model-${((index * 2654435761) % 4294967296).toString(36)}-${(index * 40503) % 65536}`;
      return [`ns/${name}`, { accepted: index % 1000 === 0 ? 0 : 2, subscribed: 2 }];
    }),
  );
  const text = writeCounts(many);
  assert.ok(text.length <= 240_000);
  assert.ok([...(readCounts(text) ?? [])].every(([, { accepted }]) => accepted === 0));
});

test("anything else is nothing", () => {
  for (const text of ["", "AAAA", "{}", gzipSync("x").toString("base64"), gzipSync('{"a":{}}').toString("base64")])
    assert.equal(readCounts(text), undefined, text);
  for (const json of ["null", '{"1/2":null}', '{"1/2":{"a":"b"}}', '{"-1/2":{}}'])
    assert.equal(readCounts(gzipSync(json).toString("base64")), undefined, json);
  assert.equal(readCounts(gzipSync(Buffer.alloc(64 * 1024 * 1024)).toString("base64")), undefined);
});
