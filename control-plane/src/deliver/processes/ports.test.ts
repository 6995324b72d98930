import assert from "node:assert/strict";
import { test } from "node:test";
import { createPortPool } from "./ports.ts";

test("pools of one process hand out ports of their own, before anybody listens there", async () => {
  const ports: number[] = [];
  for (let pools = 0; pools < 200; pools++) ports.push(await createPortPool().take());
  assert.equal(new Set(ports).size, ports.length);
});
