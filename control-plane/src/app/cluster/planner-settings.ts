import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { readSeldonConfig, type SeldonConfig } from "../../model/seldon-config.ts";
import { withSeldonConfig } from "../../plan/seldon-config-options.ts";
import type { PlannerSettings } from "./planner.ts";
import type { ClusterSettings } from "./settings/cluster-settings.ts";

/** Reads the settings of planning, again whenever the ConfigMap is another one; a key that can't be read keeps what it said. */
export function plannerSettings(
  settings: Pick<ClusterSettings, "model" | "plan" | "relatedImages">,
  config: () => KubernetesObject | undefined,
): () => PlannerSettings {
  let readFrom: KubernetesObject | undefined;
  let before: SeldonConfig = {};
  let current = build({}, []);

  function build(seldonConfig: SeldonConfig, problems: PlannerSettings["problems"]): PlannerSettings {
    const workloads = withSeldonConfig(settings.plan.workloads, seldonConfig, settings.relatedImages);
    return {
      model: { ...settings.model, predictorServers: workloads.predictorServers },
      options: { ...settings.plan, workloads },
      problems,
    };
  }

  return () => {
    const found = config();
    if (found === readFrom) return current;
    readFrom = found;
    const data = (found?.["data"] ?? {}) as Readonly<Record<string, string>>;
    const read = readSeldonConfig(data, before);
    before = read.value;
    current = build(read.value, read.problems);
    return current;
  };
}
