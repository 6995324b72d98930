import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { keepsForeignPods } from "./adoption.ts";
import { podLabelsOf, selectorOf, selects, specOf } from "./deployment-state.ts";
import { MARK, markOf, withMarks } from "./marks.ts";
import { callsTheSame, enginePredictorOf, withEnginePredictor, type PodTemplate } from "./pod-template.ts";
import type { RolloutSettings } from "./rollout-step.ts";
import { templateOf, type WantedDeployment } from "./wanted-objects.ts";

function withoutMark(object: KubernetesObject, mark: keyof typeof MARK): KubernetesObject {
  const annotations = Object.entries(object.metadata.annotations ?? {}).filter(([name]) => name !== MARK[mark]);
  return { ...object, metadata: { ...object.metadata, annotations: Object.fromEntries(annotations) } };
}

/** Graph edits that name no new address leave the text alone with which running orchestrators were started. */
function templateToWrite(wanted: WantedDeployment, live: KubernetesObject, settings: RolloutSettings): PodTemplate {
  const template = templateOf(wanted.object);
  const [running, next] = [enginePredictorOf(templateOf(live)), enginePredictorOf(template)];
  if (!settings.graphsByXds || running === undefined || next === undefined) return template;
  const alike = markOf(live, "template") === wanted.templateHash && callsTheSame(running, next);
  return alike ? withEnginePredictor(template, running) : template;
}

/** Selectors cannot be changed; one that still finds the pods need not be. */
function keepsSelector(wanted: WantedDeployment, live: KubernetesObject): boolean {
  return selects(selectorOf(live), podLabelsOf(wanted.object));
}

/** Its pods can be made anew one by one: the Deployment still finds them, and so does the Service that requests come by. */
export function canBecome(wanted: WantedDeployment, live: KubernetesObject): boolean {
  const service = podLabelsOf(live)["seldon-app"];
  const staysBehindIt = service === undefined || service === podLabelsOf(wanted.object)["seldon-app"];
  return staysBehindIt && keepsSelector(wanted, live);
}

function withReplicas(
  spec: Readonly<Record<string, unknown>>,
  replicas: number | undefined,
): Readonly<Record<string, unknown>> {
  const others = Object.entries(spec).filter(([name]) => name !== "replicas");
  return { ...Object.fromEntries(others), ...(replicas === undefined ? {} : { replicas }) };
}

function merge(
  wanted: WantedDeployment,
  live: KubernetesObject,
  replicas: number | undefined,
  settings: RolloutSettings,
): KubernetesObject {
  const spec = withReplicas(wanted.object["spec"] as Readonly<Record<string, unknown>>, replicas);
  const selector = keepsSelector(wanted, live) ? (specOf(live).selector ?? spec["selector"]) : spec["selector"];
  if (!keepsForeignPods(wanted, live, settings)) {
    const template = templateToWrite(wanted, live, settings);
    return { ...wanted.object, spec: { ...spec, selector, template } };
  }
  const object = withMarks(withoutMark(wanted.object, "template"), { adopted: wanted.fullTemplateHash });
  const others = Object.entries(spec).filter(([name]) => name !== "template");
  return { ...object, spec: { ...Object.fromEntries(others), selector } };
}

interface Merged {
  readonly wanted: WantedDeployment;
  readonly replicas: number | undefined;
  readonly mode: string;
  readonly object: KubernetesObject;
}

/** By live object: most turns see the same ones again. */
const merged = new WeakMap<KubernetesObject, Merged>();

/**
 * The Deployment to write over the live one: what is wanted, with those parts of the live one that may stay as they are
 * so that no pod restarts for nothing; without a template where the pods stay that Seldon's operator made. `replicas` undefined leaves their number to whoever sets it.
 */
export function deploymentToWrite(
  wanted: WantedDeployment,
  live: KubernetesObject | undefined,
  replicas: number | undefined,
  settings: RolloutSettings,
): KubernetesObject {
  if (live === undefined) {
    const spec = withReplicas(wanted.object["spec"] as Readonly<Record<string, unknown>>, replicas);
    return { ...wanted.object, spec };
  }
  const mode = `${settings.adopt} ${settings.graphsByXds}`;
  const known = merged.get(live);
  if (known?.wanted === wanted && known.replicas === replicas && known.mode === mode) return known.object;
  const object = merge(wanted, live, replicas, settings);
  merged.set(live, { wanted, replicas, mode, object });
  return object;
}
