import assert from "node:assert/strict";
import { test } from "node:test";
import { Partition } from "./partition.ts";
import type { World } from "./world.ts";

test("a partition that can't begin fails its scenario alone, and there is nothing to heal", async () => {
  const path = process.env["PATH"];
  process.env["PATH"] = "/nowhere";
  try {
    const undo: (() => Promise<void>)[] = [];
    const atEnd = (one: () => Promise<void>): void => void undo.push(one);
    const world = { target: { nodePid: 1 }, atEnd } as unknown as World;
    await assert.rejects(Partition.begin(world, [{ address: "10.0.0.1", as: "server", ports: [1] }]), /ENOENT/);
    assert.equal(undo.length, 1);
    await undo[0]?.();
  } finally {
    process.env["PATH"] = path;
  }
});

test("a partition of a scenario that has ended does not begin", async () => {
  const atEnd = (): never => {
    throw new Error("the scenario has ended");
  };
  const world = { target: { nodePid: 1 }, atEnd } as unknown as World;
  await assert.rejects(Partition.begin(world, []), /the scenario has ended/);
});
