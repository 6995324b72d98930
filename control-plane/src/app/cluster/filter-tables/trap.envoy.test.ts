import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../../../deliver/xds-server/envoy-for-tests.ts";
import { TRAPPING } from "../../../render/xds/trapping-filter-for-tests.ts";
import { startMeshRig } from "./mesh-rig-for-tests.ts";

const LOADS = 3;
/** Each revives the filter, which traps at the next request. */
const TABLES = 5;
/** What the upstream says where no filter has named a predictor. */
const UNDECIDED = "undefined";

test("a filter that traps under load costs the request at which it does, and Envoy's own routes serve from then on", async () => {
  const rig = await startMeshRig({ code: TRAPPING, intervalMs: 0 });
  const failures: string[] = [];
  const answers = new Set<string>();
  let served = 0;
  let isLoaded = true;
  const load = async (): Promise<void> => {
    while (isLoaded)
      await rig.ask().then(
        (answer) => {
          served += 1;
          answers.add(answer);
        },
        (error: unknown) => failures.push(String(error)),
      );
  };
  const serves = async (): Promise<void> => {
    const before = served;
    await eventually(
      () => served,
      (count) => count > before + 50,
    );
  };
  try {
    await eventually(rig.ask, (answer) => answer === UNDECIDED);
    const loads = Array.from({ length: LOADS }, load);
    await serves();
    for (let number = 1; number <= TABLES; number += 1) {
      const before = failures.length;
      rig.setWeights({ main: 100 - number, canary: number });
      await eventually(
        () => failures.length,
        (count) => count > before,
      );
      await serves();
    }
    isLoaded = false;
    await Promise.all(loads);
    assert.deepEqual([...answers], [UNDECIDED]);
    assert.deepEqual([...new Set(failures)], ["Error: answered with 503: "]);
    assert.ok(failures.length <= 1 + TABLES, `${String(failures.length)} of ${String(served)} requests failed`);
  } finally {
    isLoaded = false;
    await rig.stop();
  }
});
