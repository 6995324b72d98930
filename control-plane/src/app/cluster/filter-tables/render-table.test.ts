import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import { renderFilterTable } from "../../../render/filter-table/render.ts";
import { planFor } from "./plans-for-tests.ts";
import { renderTable } from "./render-table.ts";

const SETTINGS = { role: "gateway", peersOnly: false } as const;

/** As a renderer with a fault would: what holds one of these can't be read. */
function faulty(...bad: readonly string[]) {
  return (plans: readonly DeploymentPlan[]) => {
    const clusters = () => "";
    const { value, ...said } = renderFilterTable(plans, { role: "outbound", generation: 0n, clusters });
    const isBad = plans.some((plan) => bad.includes(plan.key));
    return { bytes: isBad ? value.subarray(0, value.length - 1) : value, ...said };
  };
}

test("a deployment that would make the filter refuse the table is found and left out", () => {
  const plans = Array.from({ length: 33 }, (_, index) => planFor(`models/m${index}`));
  const { bytes, problems } = renderTable(plans, SETTINGS, faulty("models/m7", "models/m32"));
  assert.deepEqual(
    problems.map(({ code, object }) => [code, object]),
    [
      ["FilterTableUnfit", "models/m7"],
      ["FilterTableUnfit", "models/m32"],
    ],
  );
  const rest = plans.filter(({ key }) => key !== "models/m7" && key !== "models/m32");
  assert.deepEqual(bytes, renderTable(rest, SETTINGS, faulty()).bytes);
});

test("a table that is bad as a whole is not sent at all", () => {
  const render = () => ({ bytes: Buffer.from("no table"), problems: [], standing: [] });
  assert.throws(() => renderTable([planFor("models/iris")], SETTINGS, render), /would refuse its table/);
});
