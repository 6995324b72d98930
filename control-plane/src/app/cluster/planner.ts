import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { loadObjects } from "../../model/load.ts";
import type { PortsInUse, SourceObject } from "../../model/model.ts";
import type { ModelSettings } from "../../model/settings.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { PlanOptions } from "../../plan/options.ts";
import { planDeployment } from "../../plan/plan-deployment.ts";
import type { CredentialSource } from "../../plan/workloads/server/download-credentials.ts";
import { hasErrors, type Problem } from "../../problem/problem.ts";

/** What can be set about reading and planning; changes with the ConfigMap `seldon-config`. */
export interface PlannerSettings {
  readonly model: ModelSettings;
  readonly options: PlanOptions;
  /** What is wrong with the ConfigMap; told by every deployment. */
  readonly problems: readonly Problem[];
}

export interface PlannerInput {
  readonly key: string;
  readonly resource: KubernetesObject;
  /** RoutePolicies that target it. */
  readonly policies: readonly KubernetesObject[];
  readonly portsInUse: PortsInUse;
  /** Secrets for model downloads in its namespace. */
  readonly credentialsOf: CredentialSource;
}

export interface Planned {
  /** Of an invalid version the last plan that was good; undefined when none is known. */
  readonly plan: DeploymentPlan | undefined;
  /** What is wrong with the newest version, and warnings. */
  readonly problems: readonly Problem[];
}

/** Plans deployments one by one, and remembers the last good plan of each. */
export interface Planner {
  plan(input: PlannerInput): Planned;
  forget(key: string): void;
}

export function createPlanner(settings: () => PlannerSettings): Planner {
  const lastGood = new Map<string, { readonly uid: string; readonly plan: DeploymentPlan }>();

  function planNewest({ resource, policies, portsInUse, credentialsOf }: PlannerInput): Planned {
    const { model, options, problems: general } = settings();
    const sources: readonly SourceObject[] = [{ value: resource, portsInUse }, ...policies.map((value) => ({ value }))];
    const loaded = loadObjects(sources, model);
    const [deployment] = loaded.value.deployments;
    const problems = [...loaded.problems, ...general];
    if (deployment?.accepted !== true) return { plan: undefined, problems };
    const planned = planDeployment({ ...deployment, credentialsOf }, options);
    const all = [...problems, ...planned.problems];
    return { plan: hasErrors(planned.problems) ? undefined : planned.value, problems: all };
  }

  return {
    plan(input) {
      const uid = input.resource.metadata.uid ?? "";
      const newest = planNewest(input);
      if (newest.plan !== undefined) {
        lastGood.set(input.key, { uid, plan: newest.plan });
        return newest;
      }
      const before = lastGood.get(input.key);
      return { plan: before?.uid === uid ? before.plan : undefined, problems: newest.problems };
    },
    forget: (key) => {
      lastGood.delete(key);
    },
  };
}
