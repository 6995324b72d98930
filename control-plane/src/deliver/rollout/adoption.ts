import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { ORCHESTRATOR_CONTAINER, type Container } from "../../plan/workload-plan.ts";
import { isSeldons, markOf } from "./marks.ts";
import { missing } from "./missing.ts";
import { podSpecOf } from "./pod-template.ts";
import type { RolloutSettings } from "./rollout-step.ts";
import { templateOf, type WantedDeployment } from "./wanted-objects.ts";

/** Variables that operators make up; how exactly they write them is not what a user asked for. */
const GENERATED_ENV = /^(PREDICTIVE_UNIT_|PREDICTOR_|MLSERVER_|SELDON_|TEMPO_RUNTIME_OPTIONS$|ENGINE_PREDICTOR$)/;

function usersContainers(deployment: KubernetesObject): ReadonlyMap<string, Container> {
  const { containers } = podSpecOf(templateOf(deployment));
  return new Map(containers.filter((one) => one.name !== ORCHESTRATOR_CONTAINER).map((one) => [one.name, one]));
}

function usersEnv(container: Container): Readonly<Record<string, unknown>> {
  const env = (container.env ?? []) as readonly { readonly name: string }[];
  return Object.fromEntries(env.filter((one) => !GENERATED_ENV.test(one.name)).map((one) => [one.name, one]));
}

function whatUsersSee(container: Container): Readonly<Record<string, unknown>> {
  const { image, command = [], args = [], resources = {} } = container;
  return { image, command, args, resources, env: usersEnv(container) };
}

/** True when the containers that a user wrote run other than the user wants: names, images, commands, variables, resources. */
function looksDifferent(wanted: KubernetesObject, live: KubernetesObject): boolean {
  const [want, have] = [usersContainers(wanted), usersContainers(live)];
  if (want.size !== have.size) return true;
  for (const [name, container] of want) {
    const running = have.get(name);
    if (running === undefined) return true;
    const [a, b] = [whatUsersSee(container), whatUsersSee(running)];
    if (missing(a, b) !== undefined || missing(b, a) !== undefined) return true;
  }
  return false;
}

/**
 * Whether a Deployment keeps the pods that Seldon's operator gave it. They stay until what is wanted of them is no
 * longer what was wanted when the Deployment was taken over, or what they run looks different to their user.
 */
export function keepsForeignPods(wanted: WantedDeployment, live: KubernetesObject, settings: RolloutSettings): boolean {
  if (settings.adopt === "roll") return false;
  const isWanted = isSeldons(live) || markOf(live, "adopted") === wanted.fullTemplateHash;
  return isWanted && !looksDifferent(wanted.object, live);
}
