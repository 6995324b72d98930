import type { Fields } from "../runner/kube.ts";
import { decorated, executor, explainerContainer } from "./containers.ts";
import { containerService, type Container, type Pod, type Predictor, type Resource } from "./defaults.ts";
import { owned } from "./owned.ts";

const PODINFO = {
  name: "seldon-podinfo",
  downwardAPI: {
    defaultMode: 420,
    items: [{ path: "annotations", fieldRef: { apiVersion: "v1", fieldPath: "metadata.annotations" } }],
  },
};

const PROMETHEUS = { "prometheus.io/path": "/prometheus", "prometheus.io/scrape": "true" };

const TYPE_LABELS: Readonly<Record<string, string>> = {
  MODEL: "seldon.io/model",
  ROUTER: "seldon.io/router",
  COMBINER: "seldon.io/combiner",
  TRANSFORMER: "seldon.io/transformer",
  OUTPUT_TRANSFORMER: "seldon.io/output-transformer",
};

/** What is different between the Deployments that Seldon's operator makes. */
interface Pods {
  readonly name: string;
  readonly containers: readonly Container[];
  readonly labels: Readonly<Record<string, string>>;
  readonly ownLabels?: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly podAnnotations?: Readonly<Record<string, string>>;
  readonly replicas: number | undefined;
}

function deployment(resource: Resource, pods: Pods): Fields {
  const { name, containers, labels, ownLabels = {}, selector, annotations, replicas } = pods;
  const spec = {
    ...(replicas === undefined ? {} : { replicas }),
    selector: { matchLabels: selector },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0 } },
    template: {
      metadata: { labels, annotations: pods.podAnnotations ?? { ...annotations, ...PROMETHEUS } },
      spec: {
        containers,
        volumes: [PODINFO],
        restartPolicy: "Always",
        dnsPolicy: "ClusterFirst",
        schedulerName: "default-scheduler",
        securityContext: { runAsUser: 8888 },
        terminationGracePeriodSeconds: 20,
      },
    },
  };
  const all = { ...labels, ...ownLabels };
  const applied = JSON.stringify({ metadata: { name, labels: all, annotations }, spec });
  const noted = { ...annotations, "seldon.io/last-applied": applied };
  return owned(resource, "apps/v1", "Deployment", { name, labels: all, annotations: noted }, { spec });
}

/** Name of the Deployment of a componentSpec. */
export function deploymentName({ name }: Resource, { fields }: Predictor, index: number): string {
  const containers = fields.componentSpecs[index]?.spec.containers ?? [];
  return `${name}-${fields.name}-${index}-${containers.map((one) => one.name).join("-")}`;
}

/** Replicas are not said where an autoscaler is to. */
function replicasOf(pod: Pod, { fields }: Predictor): number | undefined {
  return pod.hpaSpec === undefined ? (pod.replicas ?? fields.replicas ?? 1) : undefined;
}

function podLabels(
  resource: Resource,
  predictor: Predictor,
  name: string,
  containers: readonly Container[],
): Readonly<Record<string, string>> {
  const { fields } = predictor;
  const nodes = predictor.nodes.filter((node) => containers.some((one) => one.name === node.name));
  const services = nodes.map((node) => [
    `seldon-app-svc-${node.name}`,
    containerService(resource, predictor, node.name),
  ]);
  const types = nodes.map((node) => [TYPE_LABELS[node.type ?? ""] ?? "", "true"]);
  return {
    "seldon-deployment-id": resource.name,
    app: name,
    fluentd: "true",
    ...fields.labels,
    ...(Object.fromEntries([...services, ...types]) as Readonly<Record<string, string>>),
    "app.kubernetes.io/managed-by": "seldon-core",
    ...(fields.shadow === true ? { "seldon.io/shadow": "true" } : {}),
  };
}

function componentDeployment(
  resource: Resource,
  predictor: Predictor,
  pods: readonly Pod[],
  index: number,
  image: string,
): readonly Fields[] {
  const pod = pods[index];
  if (pod === undefined) return [];
  const hosts = index === 0 && !resource.isSeparate;
  const { containers } = pod.spec;
  const name = deploymentName(resource, predictor, index);
  const front = hosts ? { "seldon-app": predictor.service } : {};
  const labels = { ...podLabels(resource, predictor, name, containers), ...front };
  const services = Object.entries(labels).filter(([key]) => key.startsWith("seldon-app-svc-"));
  const object = deployment(resource, {
    name,
    containers: [...containers, ...(hosts ? [executor(resource, predictor, pods, image)] : [])],
    labels,
    ...(hosts ? { ownLabels: { "seldon-deployment-contains-svcorch": "true" } } : {}),
    selector: { "seldon-deployment-id": resource.name, ...Object.fromEntries(services), ...front },
    annotations: { ...resource.annotations, ...predictor.fields.annotations },
    replicas: replicasOf(pod, predictor),
  });
  return [object];
}

function orchestratorDeployment(resource: Resource, predictor: Predictor, image: string): Fields {
  const name = `${predictor.service}-svc-orch`;
  const ids = { "seldon-app": predictor.service, "seldon-deployment-id": predictor.service };
  const { componentSpecs, labels, replicas = 1, svcOrchSpec = {} } = predictor.fields;
  return deployment(resource, {
    name,
    containers: [executor(resource, predictor, componentSpecs, image)],
    labels: {
      "seldon-deployment-contains-svcorch": "true",
      ...ids,
      app: name,
      fluentd: "true",
      ...labels,
    },
    selector: ids,
    annotations: resource.annotations,
    podAnnotations: PROMETHEUS,
    replicas: svcOrchSpec.replicas ?? replicas,
  });
}

function explainerDeployment(resource: Resource, predictor: Predictor): readonly Fields[] {
  const { explainer, labels, annotations } = predictor.fields;
  if (explainer === undefined) return [];
  const name = `${predictor.service}-explainer`;
  const ids = { "seldon-deployment-id": resource.name, "seldon-app": name };
  const object = deployment(resource, {
    name,
    containers: [explainerContainer(resource, predictor, explainer)],
    labels: {
      ...ids,
      app: name,
      fluentd: "true",
      ...labels,
      "seldon.io/explainer": "true",
      "app.kubernetes.io/managed-by": "seldon-core",
    },
    selector: ids,
    annotations: { ...resource.annotations, ...annotations },
    replicas: 1,
  });
  return [object];
}

/** Every Deployment of a resource; orchestrators in pods of their own first. */
export function deployments(resource: Resource, image: string): readonly Fields[] {
  return resource.predictors.flatMap((predictor) => {
    const pods = predictor.fields.componentSpecs.map((pod) => {
      const containers = pod.spec.containers.map((one) => decorated(resource, predictor, one));
      return { ...pod, spec: { ...pod.spec, containers } };
    });
    return [
      ...(resource.isSeparate ? [orchestratorDeployment(resource, predictor, image)] : []),
      ...pods.flatMap((_, index) => componentDeployment(resource, predictor, pods, index, image)),
      ...explainerDeployment(resource, predictor),
    ];
  });
}
