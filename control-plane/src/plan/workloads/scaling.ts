import type { DefaultedComponentSpec, DefaultedPredictor } from "../../model/defaulted.ts";
import type { FieldPath } from "../../model/model.ts";
import type { HpaSpec } from "../../model/seldon-deployment.ts";
import type { PlanContext } from "../context.ts";
import type { AutoscalerPlan, PodSetPlan } from "../workload-plan.ts";
import { convertMetric } from "./hpa-metrics.ts";

/** How many pods of a componentSpec there are, or who decides it. */
export type Scaling = Pick<PodSetPlan, "replicas" | "autoscaler">;

function hpaPlan({ maxReplicas, metrics, metricsv2, minReplicas }: HpaSpec): AutoscalerPlan {
  const given = metrics !== undefined && metrics.length > 0 ? metrics.map(convertMetric) : (metricsv2 ?? []);
  return { kind: "hpa", ...(minReplicas === undefined ? {} : { minReplicas }), maxReplicas, metrics: given };
}

function replicasOf(...candidates: readonly (number | undefined)[]): Pick<PodSetPlan, "replicas"> {
  const replicas = candidates.find((one) => one !== undefined);
  return replicas === undefined ? {} : { replicas };
}

/** KEDA, then a HorizontalPodAutoscaler, then the nearest `replicas`; absent where nobody says. */
export function planScaling(
  context: PlanContext,
  predictor: DefaultedPredictor,
  { kedaSpec, hpaSpec, replicas }: DefaultedComponentSpec,
  at: FieldPath,
): Scaling {
  if (kedaSpec !== undefined) {
    if (context.options.workloads.keda) return { autoscaler: { kind: "keda", spec: kedaSpec } };
    const message = `predictor ${predictor.name} asks KEDA to scale it, but KEDA is not switched on here`;
    context.report({ code: "KedaDisabled", at: [...at, "kedaSpec"], message });
  }
  if (hpaSpec !== undefined) return { autoscaler: hpaPlan(hpaSpec) };
  return replicasOf(replicas, predictor.replicas, context.resource.spec.replicas);
}

/** How many pods an orchestrator of its own has. */
export function orchestratorReplicas({ resource }: PlanContext, predictor: DefaultedPredictor): Scaling {
  return replicasOf(predictor.svcOrchSpec?.replicas, predictor.replicas, resource.spec.replicas);
}

export function planDisruptionBudget({ pdbSpec }: DefaultedComponentSpec): Pick<PodSetPlan, "disruptionBudget"> {
  return pdbSpec === undefined ? {} : { disruptionBudget: pdbSpec };
}
