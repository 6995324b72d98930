import type { Fields } from "../runner/kube.ts";
import { containerService, type Autoscaling, type Predictor, type Resource } from "./defaults.ts";
import { deploymentName } from "./deployments.ts";
import { owned } from "./owned.ts";

const MANAGED = { "app.kubernetes.io/managed-by": "seldon-core" };

interface ServiceShape {
  readonly name: string;
  readonly ports: readonly (readonly [name: string, port: number])[];
  readonly selector: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

function service(resource: Resource, { fields }: Predictor, { name, ports, selector, labels }: ServiceShape): Fields {
  const spec = {
    type: "ClusterIP",
    sessionAffinity: "None",
    selector,
    ports: ports.map(([port, number]) => ({ name: port, port: number, targetPort: number, protocol: "TCP" })),
  };
  const { annotations = {} } = fields;
  return owned(resource, "v1", "Service", { name, labels: { ...labels, ...MANAGED }, annotations }, { spec });
}

function servicesOf(resource: Resource, predictor: Predictor): readonly Fields[] {
  const { service: name, fields } = predictor;
  const [app, id] = [{ "seldon-app": name }, { "seldon-deployment-id": resource.name }];
  const shadow = fields.shadow === true ? { "seldon.io/shadow": "true" } : {};
  const containers = predictor.nodes.map((node) => {
    const own = containerService(resource, predictor, node.name);
    const selector = { [`seldon-app-svc-${node.name}`]: own };
    const labels = { ...selector, ...id, ...app, ...shadow, "seldon.io/model": "true" };
    const { httpPort, grpcPort } = node.endpoint;
    const ports = [["http", httpPort] as const, ["grpc", grpcPort] as const];
    return service(resource, predictor, { name: own, ports, selector, labels });
  });
  const front = [["http", 8000] as const, ["grpc", 5001] as const];
  const own = service(resource, predictor, { name, ports: front, selector: app, labels: { ...app, ...id } });
  if (fields.explainer === undefined) return [own, ...containers];
  const explainer = `${name}-explainer`;
  return [
    own,
    ...containers,
    service(resource, predictor, {
      name: explainer,
      ports: [["http", 9000]],
      selector: { "seldon-app": explainer },
      labels: { ...app, ...id },
    }),
  ];
}

export function services(resource: Resource): readonly Fields[] {
  return resource.predictors.flatMap((one) => servicesOf(resource, one));
}

/** An autoscaler for a Deployment of that name. */
export function autoscaler(resource: Resource, name: string, { metricsv2, ...bounds }: Autoscaling): Fields {
  const spec = {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
    ...bounds,
    metrics: metricsv2,
  };
  return owned(resource, "autoscaling/v2", "HorizontalPodAutoscaler", { name }, { spec });
}

/** Autoscalers and disruption budgets, by the names of their Deployments. */
export function companions(resource: Resource): readonly Fields[] {
  return resource.predictors.flatMap((predictor) =>
    predictor.fields.componentSpecs.flatMap(({ hpaSpec, pdbSpec }, index) => {
      const name = deploymentName(resource, predictor, index);
      const selector = { matchLabels: { "seldon-deployment-id": resource.name } };
      const budget = { spec: { ...pdbSpec, selector } };
      return [
        ...(hpaSpec === undefined ? [] : [autoscaler(resource, name, hpaSpec)]),
        ...(pdbSpec === undefined ? [] : [owned(resource, "policy/v1", "PodDisruptionBudget", { name }, budget)]),
      ];
    }),
  );
}
