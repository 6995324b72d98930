import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { PlanBeside } from "../../deliver/rollout/rollout-step.ts";
import { loadObjects } from "../../model/load.ts";
import type { LoadedPolicy, SourceObject } from "../../model/model.ts";
import type { ModelSettings } from "../../model/settings.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { PlanOptions } from "../../plan/options.ts";
import { planDeployment } from "../../plan/plan-deployment.ts";
import { hasErrors, type Problem } from "../../problem/problem.ts";
import { notePlanAnswers, type PlanAnswers, type PlanSources } from "./plan-answers.ts";
import { sameFields, sameJson } from "./same-json.ts";

/** What can be set about reading and planning; changes with the ConfigMap `seldon-config`. */
export interface PlannerSettings {
  readonly model: ModelSettings;
  readonly options: PlanOptions;
  /** What is wrong with the ConfigMap; told by every deployment. */
  readonly problems: readonly Problem[];
}

export interface PlannerInput extends PlanSources {
  readonly key: string;
  readonly resource: KubernetesObject;
  /** RoutePolicies that target it. */
  readonly policies: readonly KubernetesObject[];
}

export interface Planned {
  /** Of an invalid version the last plan that was good; undefined when none is known. */
  readonly plan: DeploymentPlan | undefined;
  /** See RolloutInput; of the version that the plan is of. */
  readonly planBeside?: PlanBeside;
  /** What is wrong with the newest version and the policy that counts for it, and warnings. */
  readonly problems: readonly Problem[];
  /** What became of the RoutePolicies that target it. */
  readonly policies: readonly LoadedPolicy[];
}

/** Plans deployments one by one, each only when something changed that its plan goes by, and remembers the last good plan of each. */
export interface Planner {
  /** The same plan as before, the very object, where it would say the same. */
  plan(input: PlannerInput): Planned;
  forget(key: string): void;
}

/** What was planned last, and by what. */
interface Remembered {
  readonly resource: KubernetesObject;
  readonly policies: readonly KubernetesObject[];
  readonly settings: PlannerSettings;
  readonly answers: PlanAnswers;
  readonly planned: Planned;
}

export function createPlanner(settings: () => PlannerSettings): Planner {
  const lastGood = new Map<
    string,
    Pick<Planned, "planBeside"> & { readonly uid: string; readonly plan: DeploymentPlan }
  >();
  const remembered = new Map<string, Remembered>();

  function planNewest({ resource, policies }: PlannerInput, current: PlannerSettings, sources: PlanSources): Planned {
    const { model, options, problems: general } = current;
    const { portsInUse, credentialsOf } = sources;
    const objects: readonly SourceObject[] = [{ value: resource, portsInUse }, ...policies.map((value) => ({ value }))];
    const loaded = loadObjects(objects, model);
    const [deployment] = loaded.value.deployments;
    const { policies: verdicts } = loaded.value;
    // What is wrong with a policy that another one stands before is told by that policy alone.
    const problems = [...(deployment ?? loaded).problems, ...general];
    if (deployment?.accepted !== true) return { plan: undefined, problems, policies: verdicts };
    const planned = planDeployment({ ...deployment, credentialsOf }, options);
    const all = [...problems, ...planned.problems];
    if (hasErrors(planned.problems)) return { plan: undefined, problems: all, policies: verdicts };
    const planBeside = rememberPlans((beside) => {
      return planDeployment({ ...deployment, credentialsOf, orchestratorBeside: new Set(beside) }, options).value;
    });
    return { plan: planned.value, planBeside, problems: all, policies: verdicts };
  }

  /** With the last good plan where the newest version has none. */
  function withLastGood(key: string, uid: string, { plan, planBeside, ...said }: Planned): Planned {
    const before = lastGood.get(key);
    const known = before?.uid === uid ? before : undefined;
    if (plan === undefined) return { plan: known?.plan, ...beside(known?.planBeside), ...said };
    // Who renders it renders each object once.
    const kept = known !== undefined && sameJson(known.plan, plan) ? known.plan : plan;
    lastGood.set(key, { uid, plan: kept, ...beside(planBeside) });
    return { plan: kept, ...beside(planBeside), ...said };
  }

  return {
    plan(input) {
      const { key, resource, policies } = input;
      const current = settings();
      const before = remembered.get(key);
      if (before !== undefined && isStillSo(before, input, current)) {
        if (before.resource !== resource) remembered.set(key, { ...before, resource, policies });
        return before.planned;
      }
      const answers = notePlanAnswers(input);
      const newest = planNewest(input, current, answers.sources);
      const planned = withLastGood(key, resource.metadata.uid ?? "", newest);
      remembered.set(key, { resource, policies, settings: current, answers, planned });
      return planned;
    },
    forget: (key) => {
      lastGood.delete(key);
      remembered.delete(key);
    },
  };
}

function beside(planBeside: PlanBeside | undefined): Pick<Planned, "planBeside"> {
  return planBeside === undefined ? {} : { planBeside };
}

/** The newest one is made once: who renders it renders each object once. */
function rememberPlans(plan: PlanBeside): PlanBeside {
  let newest: { readonly key: string; readonly plan: DeploymentPlan | undefined } | undefined;
  return (predictors) => {
    const key = predictors.join();
    if (newest?.key !== key) newest = { key, plan: plan(predictors) };
    return newest.plan;
  };
}

/** What writes of others, and our own of the status, change at every turn; no plan goes by it. */
const BOOKKEEPING: ReadonlySet<string> = new Set(["resourceVersion", "generation", "managedFields"]);
const NOT_PLANNED: ReadonlySet<string> = new Set(["metadata", "status"]);

function isStillSo(before: Remembered, input: PlannerInput, current: PlannerSettings): boolean {
  if (before.settings !== current || before.policies.length !== input.policies.length) return false;
  const samePolicies = input.policies.every((one, index) => sameResource(one, before.policies[index]));
  return samePolicies && sameResource(input.resource, before.resource) && before.answers.holdFor(input);
}

function sameResource(one: KubernetesObject, other: KubernetesObject | undefined): boolean {
  if (one === other) return true;
  if (other === undefined || !sameFields(one, other, NOT_PLANNED)) return false;
  return sameFields({ ...one.metadata }, { ...other.metadata }, BOOKKEEPING);
}
