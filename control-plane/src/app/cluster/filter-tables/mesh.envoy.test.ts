import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../../../deliver/xds-server/envoy-for-tests.ts";
import { KEY, startMeshRig } from "./mesh-rig-for-tests.ts";

/** The same ones every time, and so the same split. */
const REQUEST_IDS = Array.from({ length: 60 }, (_, index) => `request-${String(index)}`);

test("a real Envoy that is a gateway of Istio routes by the table, follows it and keeps it when we are gone", async () => {
  const rig = await startMeshRig();
  try {
    const { tables, ask, setWeights } = rig;
    const share = async (): Promise<number> => {
      let canary = 0;
      for (const id of REQUEST_IDS) if ((await ask(id)) === "canary") canary += 1;
      return canary / REQUEST_IDS.length;
    };
    await eventually(ask, (answer) => answer === "main");
    await eventually(
      () => tables.programmed(KEY),
      (count) => count?.accepted === 1 && count.subscribed === 1,
    );
    setWeights({ main: 50, canary: 50 });
    await eventually(share, (canary) => canary > 0);
    const half = await share();
    assert.ok(half > 0.2 && half < 0.8, String(half));
    assert.equal(await share(), half, "the same requests go elsewhere");
    await eventually(
      () => tables.programmed(KEY),
      (count) => count?.accepted === 1,
    );
    // What was there before comes back, under a number of its own.
    setWeights({ main: 100 });
    await eventually(share, (canary) => canary === 0);
    setWeights({ main: 0, canary: 100 });
    await eventually(share, (canary) => canary === 1);
    assert.deepEqual(
      rig.events.filter(({ kind }) => kind === "nack"),
      [],
    );
    await rig.stopServer();
    assert.equal(await share(), 1);
  } finally {
    await rig.stop();
  }
});
