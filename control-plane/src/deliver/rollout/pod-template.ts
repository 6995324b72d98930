import { applicable } from "../../render/workloads/applicable-container.ts";
import { ORCHESTRATOR_CONTAINER, type Container, type PodSpec } from "../../plan/workload-plan.ts";

const ENGINE_PREDICTOR = "ENGINE_PREDICTOR";

/** `spec.template` of a Deployment, as far as it matters here. */
export type PodTemplate = Readonly<Record<string, unknown>>;

/** What the pods of a template run. */
export function podSpecOf(template: PodTemplate): PodSpec {
  return (template["spec"] ?? { containers: [] }) as PodSpec;
}

function envOf(container: Container): readonly { readonly name: string; readonly value?: string }[] {
  return container.env ?? [];
}

/** The graph that an orchestrator of this template starts with; undefined when none runs in it. */
export function enginePredictorOf(template: PodTemplate): string | undefined {
  const engine = podSpecOf(template).containers.find((one) => one.name === ORCHESTRATOR_CONTAINER);
  return engine && envOf(engine).find((one) => one.name === ENGINE_PREDICTOR)?.value;
}

/** The template with another graph for its orchestrator to start with. */
export function withEnginePredictor(template: PodTemplate, value: string): PodTemplate {
  const spec = podSpecOf(template);
  const containers = spec.containers.map((one) =>
    one.name === ORCHESTRATOR_CONTAINER
      ? { ...one, env: envOf(one).map((env) => (env.name === ENGINE_PREDICTOR ? { ...env, value } : env)) }
      : one,
  );
  return { ...template, spec: { ...spec, containers } };
}

/** What decides whether pods must be made anew when graphs travel over xDS. */
export function withoutEnginePredictor(template: PodTemplate): PodTemplate {
  return enginePredictorOf(template) === undefined ? template : withEnginePredictor(template, "");
}

/** The template as server-side apply takes it: Seldon's operator gave two names to one port. */
export function applicableTemplate(template: PodTemplate): PodTemplate {
  const spec = podSpecOf(template);
  return { ...template, spec: { ...spec, containers: spec.containers.map(applicable) } };
}

interface GraphNodeText {
  readonly name?: string;
  readonly endpoint?: { readonly service_host?: string; readonly httpPort?: number; readonly grpcPort?: number };
  readonly children?: readonly GraphNodeText[];
}

/** Who an orchestrator with this graph calls, in no order; undefined when the text is no graph. */
function addressesOf(enginePredictor: string): string | undefined {
  try {
    const text = Buffer.from(enginePredictor, "base64").toString();
    const { graph } = JSON.parse(text) as { readonly graph?: GraphNodeText };
    const found = new Set<string>();
    const visit = (node: GraphNodeText): void => {
      const { service_host: host, httpPort, grpcPort } = node.endpoint ?? {};
      if (host !== undefined) found.add(`${node.name} ${host} ${httpPort} ${grpcPort}`);
      node.children?.forEach(visit);
    };
    if (graph !== undefined) visit(graph);
    return [...found].sort().join("\n");
  } catch {
    return undefined;
  }
}

/**
 * True when the second graph calls nobody that the first does not call: an orchestrator that starts with the first, and
 * is then told the second, finds everyone at their places.
 */
export function callsTheSame(live: string, wanted: string): boolean {
  if (live === wanted) return true;
  const addresses = addressesOf(live);
  return addresses !== undefined && addresses === addressesOf(wanted);
}
