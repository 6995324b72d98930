import assert from "node:assert/strict";
import { it } from "node:test";
import { newTraceId } from "./ids.ts";
import { createSampler } from "./sampler.ts";

it("takes the share it is asked for, the same traces every time", () => {
  const ids = Array.from({ length: 20_000 }, newTraceId);
  const take = (ratio: number) => {
    const sampler = createSampler({ ratio, followsParent: true });
    return new Set(ids.filter((id) => sampler(id, undefined)));
  };
  assert.equal(take(0).size, 0);
  assert.equal(take(1).size, ids.length);
  const few = take(0.1);
  const more = take(0.3);
  assert.ok(Math.abs(few.size / ids.length - 0.1) < 0.02, String(few.size));
  // Whoever takes less takes a part of what others take.
  assert.ok([...few].every((id) => more.has(id)));
});

it("follows what was decided before it, if it is to", () => {
  const [id] = [newTraceId()];
  assert.equal(createSampler({ ratio: 0, followsParent: true })(id, true), true);
  assert.equal(createSampler({ ratio: 1, followsParent: true })(id, false), false);
  assert.equal(createSampler({ ratio: 0, followsParent: false })(id, true), false);
});
