import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { load, loadAll } from "js-yaml";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { Problem } from "../../problem/problem.ts";
import { createPlanner } from "./planner.ts";
import { plannerSettings } from "./planner-settings.ts";
import { findingsOf } from "./policy-status.ts";
import type { Look } from "./reconcile.ts";
import { readSettings } from "./settings/read-settings.ts";

const CASES = join(import.meta.dirname, "..", "..", "model", "testdata");
const PROGRAMMED = { type: "Programmed", status: "True", reason: "Programmed", message: "1 of 1" };

/** Folders of what is wrong with policies: what a status says of it, and whether the last good plan stays. */
const WRONG: readonly (readonly [folder: string, accepted: string, stays: boolean])[] = [
  ["policy-conflict", "False/Conflicted", false],
  ["policy-shadows", "False/Invalid", true],
  ["policy-weights", "False/Invalid", true],
  ["policy-limits", "False/Invalid", true],
  ["policy-too-large", "False/Invalid", true],
  ["policy-predictors", "False/Invalid", true],
  ["policy-unreachable", "True/Accepted", false],
  ["policy-retries-beyond", "True/Accepted", false],
];

function objectsOf(folder: string): readonly KubernetesObject[] {
  const all = loadAll(readFileSync(join(CASES, folder, "in.yaml"), "utf8")) as KubernetesObject[];
  return all.map((one) => ({ ...one, metadata: { namespace: "default", uid: one.metadata.name, ...one.metadata } }));
}

function problemsOf(folder: string): readonly Problem[] {
  const { problems } = load(readFileSync(join(CASES, folder, "problems.yaml"), "utf8")) as {
    readonly problems: readonly Problem[];
  };
  return problems;
}

function plannerOf() {
  const read = readSettings([], {});
  assert.equal(read.kind, "settings");
  return createPlanner(plannerSettings(read.settings, () => undefined));
}

for (const [folder, words, stays] of WRONG)
  test(`${folder}: a status says where, what and what to do${stays ? ", and the last good plan stays" : ""}`, () => {
    const [resource, ...policies] = objectsOf(folder);
    assert.ok(resource);
    const { plan, planAgain } = planTwice(resource, policies);
    assert.ok(plan);
    assert.equal(planAgain.plan === plan, stays || folder === "policy-conflict");
    for (const wrong of problemsOf(folder).filter(({ severity }) => severity === "error" || words.startsWith("True"))) {
      const policy = policies.find(({ metadata }) => `default/${metadata.name}` === wrong.object);
      assert.ok(policy);
      const step = { inexpressible: [], status: { conditions: [PROGRAMMED] } };
      const [accepted, programmed] = findingsOf(policy, { ...planAgain, step } as unknown as Look);
      assert.equal(`${accepted?.status}/${accepted?.reason}`, words);
      const text = `${wrong.path}: ${wrong.message} (${wrong.hint})`;
      assert.ok(accepted?.message.includes(text), `${text}\nis not in\n${accepted?.message}`);
      assert.equal(programmed?.status, words.startsWith("True") ? "True" : "False");
      if (stays) assert.equal(programmed.message, "the last valid version stays in force");
    }
  });

/** Without the policies, as they were all right before, and with them. */
function planTwice(resource: KubernetesObject, policies: readonly KubernetesObject[]) {
  const planner = plannerOf();
  const input = { key: "default/example", resource, portsInUse: () => undefined, credentialsOf: () => [] };
  const before = policies.filter(({ metadata }) => metadata.name === "a");
  const { plan } = planner.plan({ ...input, policies: before });
  return { plan, planAgain: planner.plan({ ...input, policies }) };
}

test("what a policy targets is not there: where, and what to do", () => {
  const [, policy] = objectsOf("policy-target-missing");
  assert.ok(policy);
  const [accepted, programmed] = findingsOf(policy, "absent");
  const [missing] = problemsOf("policy-target-missing");
  assert.equal(accepted?.reason, "TargetNotFound");
  assert.equal(accepted.message, `${missing?.path}: ${missing?.message} (${missing?.hint})`);
  assert.equal(programmed?.status, "False");
});
