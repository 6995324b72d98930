import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { Stream, type StreamHost } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";

// A table looks at ids only.
const NO_HOST = {} as StreamHost;

it("holds what a map would hold", () => {
  const step = fc.record({ isAdded: fc.boolean(), id: fc.integer({ min: 1, max: 400 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new StreamTable();
      const map = new Map<number, Stream>();
      for (const { isAdded, id } of steps) {
        if (!isAdded) assert.equal(table.delete(id), map.delete(id));
        else if (!map.has(id)) {
          const stream = new Stream(id, NO_HOST, 0, 0);
          table.add(stream);
          map.set(id, stream);
        }
        assert.equal(table.get(id), map.get(id));
        assert.equal(table.size, map.size);
      }
      assert.deepEqual(
        table.all().map((one) => one.id),
        [...map.keys()].sort((a, b) => a - b),
      );
    }),
  );
});

it("leads from no stream that is over to another", () => {
  const table = new StreamTable();
  const streams = [1, 129, 257].map((id) => new Stream(id, NO_HOST, 0, 0));
  for (const one of streams) table.add(one);
  for (const { id } of streams) table.delete(id);
  assert.deepEqual(
    streams.map((one) => one.older),
    [undefined, undefined, undefined],
  );
});
