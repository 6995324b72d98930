import assert from "node:assert/strict";
import { it } from "node:test";
import { Scope } from "../../execute/scope.ts";
import { Health } from "./health.ts";
import type { StreamCall } from "./stream-call.ts";

const NOT_SERVING = "0802";
const SERVING = "0801";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("who waits for SERVING is told soon, who is served is looked after once a second", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let isReady = false;
  let checks = 0;
  const health = new Health(() => {
    checks += 1;
    return Promise.resolve(isReady);
  });
  const told: string[] = [];
  const call = {
    scope: new Scope(Infinity),
    isOver: false,
    read: () => Promise.resolve(Buffer.alloc(0)),
    write: (message: Buffer) => {
      told.push(message.toString("hex"));
      return Promise.resolve();
    },
  } as unknown as StreamCall;
  const { Watch } = health.service(() => true);
  assert.ok(Watch?.kind === "stream");
  const watched = Watch.run(call);
  await turn();
  assert.deepEqual([told, checks], [[NOT_SERVING], 1]);
  isReady = true;
  t.mock.timers.tick(50);
  await turn();
  assert.deepEqual([told, checks], [[NOT_SERVING, SERVING], 2]);
  isReady = false;
  t.mock.timers.tick(999);
  await turn();
  assert.equal(checks, 2);
  t.mock.timers.tick(1);
  await turn();
  assert.deepEqual([told, checks], [[NOT_SERVING, SERVING, NOT_SERVING], 3]);
  health.close();
  await watched;
});
