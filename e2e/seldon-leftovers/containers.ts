import { without } from "../runner/kube.ts";
import type { Container, EnvVar, GraphNode, Pod, Predictor, Resource } from "./defaults.ts";

const SECONDS = { periodSeconds: 5, successThreshold: 1, failureThreshold: 3 };

function portNumber({ ports = [] }: Container, name: string): number | undefined {
  return ports.find((one) => one.name === name)?.containerPort;
}

function nodeEnv({ name }: Resource, { fields }: Predictor, container: Container, node: GraphNode): readonly EnvVar[] {
  const { httpPort, grpcPort } = node.endpoint;
  const metrics = portNumber(container, "metrics");
  const { parameters } = node;
  const values: Readonly<Record<string, unknown>> = {
    PREDICTIVE_UNIT_SERVICE_PORT: httpPort,
    PREDICTIVE_UNIT_HTTP_SERVICE_PORT: httpPort,
    MLSERVER_HTTP_PORT: httpPort,
    PREDICTIVE_UNIT_GRPC_SERVICE_PORT: grpcPort,
    MLSERVER_GRPC_PORT: grpcPort,
    ...(parameters === undefined ? {} : { PREDICTIVE_UNIT_PARAMETERS: JSON.stringify(parameters) }),
    PREDICTIVE_UNIT_ID: container.name,
    MLSERVER_MODEL_NAME: container.name,
    PREDICTIVE_UNIT_IMAGE: container.image,
    PREDICTOR_ID: fields.name,
    PREDICTOR_LABELS: JSON.stringify(fields.labels),
    SELDON_DEPLOYMENT_ID: name,
    SELDON_EXECUTOR_ENABLED: true,
    PREDICTIVE_UNIT_METRICS_SERVICE_PORT: metrics,
    PREDICTIVE_UNIT_METRICS_ENDPOINT: "/prometheus",
    MLSERVER_METRICS_PORT: metrics,
    MLSERVER_METRICS_ENDPOINT: "/prometheus",
  };
  return Object.entries(values).map(([key, value]) => ({ name: key, value: String(value) }));
}

/** Ports, probes, hook and variables of a graph node's container. */
export function decorated(resource: Resource, predictor: Predictor, container: Container): Container {
  const node = predictor.nodes.find((one) => one.name === container.name);
  if (node === undefined) return container;
  const { httpPort, grpcPort } = node.endpoint;
  const probe = { ...SECONDS, timeoutSeconds: 1, tcpSocket: { port: "http" } };
  const full = {
    livenessProbe: { ...probe, initialDelaySeconds: 60 },
    readinessProbe: { ...probe, initialDelaySeconds: 20 },
    lifecycle: { preStop: { exec: { command: ["/bin/sh", "-c", "/bin/sleep 10"] } } },
    ...container,
    ports: [
      ...(container.ports ?? []),
      { name: "http", containerPort: httpPort, protocol: "TCP" },
      { name: "grpc", containerPort: grpcPort, protocol: "TCP" },
    ],
    env: [...(container.env ?? []), ...nodeEnv(resource, predictor, container, node)],
  };
  return full;
}

/** The predictor as the executor reads it; `containers` are those that it embeds. */
function enginePredictor({ fields }: Predictor, pods: readonly Pod[]): string {
  const kept = without(fields, ["traffic", "explainer"]);
  const text = JSON.stringify({ ...kept, replicas: 0, componentSpecs: pods });
  return Buffer.from(text).toString("base64");
}

/** Settings of `seldon.io/engine-…`. */
function annotatedEnv({ annotations }: Resource): readonly EnvVar[] {
  const prefix = "seldon.io/engine-";
  const keys = Object.keys(annotations).filter((key) => key.startsWith(prefix) && key !== `${prefix}separate-pod`);
  return keys.sort().map((key) => {
    return { name: key.slice(prefix.length).toUpperCase().replaceAll("-", "_"), value: annotations[key] ?? "" };
  });
}

/** The executor's container. Its metrics are served on the port of its requests, which has two names therefore. */
export function executor(resource: Resource, predictor: Predictor, pods: readonly Pod[], image: string): Container {
  const { name, namespace, protocol } = resource;
  const { svcOrchSpec = {}, name: predictorName } = predictor.fields;
  const probe = { ...SECONDS, initialDelaySeconds: 20, timeoutSeconds: 60 };
  const asked = { limits: { cpu: "500m", memory: "512Mi" }, requests: { cpu: "500m", memory: "512Mi" } };
  const container = {
    name: "seldon-container-engine",
    image,
    imagePullPolicy: "IfNotPresent",
    args: [
      ...["--sdep", name, "--namespace", namespace, "--predictor", predictorName],
      ...["--http_port", "8000", "--grpc_port", "5001", "--protocol", protocol, "--transport", "rest"],
      ...["--prometheus_path", "/prometheus", "--server_type", "rpc"],
      ...["--log_work_buffer_size", "10000", "--log_write_timeout_ms", "2000", "--full_health_checks=false"],
    ],
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    volumeMounts: [{ name: "seldon-podinfo", mountPath: "/etc/podinfo" }],
    env: [
      { name: "ENGINE_PREDICTOR", value: enginePredictor(predictor, pods) },
      { name: "REQUEST_LOGGER_DEFAULT_ENDPOINT", value: "http://default-broker" },
      ...(svcOrchSpec.env ?? []),
      ...annotatedEnv(resource),
    ],
    ports: [
      { name: "http", containerPort: 8000, protocol: "TCP" },
      { name: "metrics", containerPort: 8000, protocol: "TCP" },
      { name: "grpc", containerPort: 5001, protocol: "TCP" },
    ],
    readinessProbe: { ...probe, httpGet: { path: "/ready", port: "http", scheme: "HTTP" } },
    livenessProbe: { ...probe, httpGet: { path: "/live", port: "http", scheme: "HTTP" } },
    resources: svcOrchSpec.resources ?? asked,
    securityContext: { runAsUser: 8888, allowPrivilegeEscalation: false },
  };
  return container;
}

/** An explainer's container; the images of these scenarios need no model. */
export function explainerContainer(
  { namespace }: Resource,
  { service, fields }: Predictor,
  { type, config = {}, containerSpec }: NonNullable<Predictor["fields"]["explainer"]>,
): Container {
  const probe = { periodSeconds: 5, successThreshold: 1, timeoutSeconds: 1, tcpSocket: { port: "http" } };
  const container = {
    imagePullPolicy: "IfNotPresent",
    livenessProbe: { ...probe, initialDelaySeconds: 60, failureThreshold: 5 },
    readinessProbe: { ...probe, initialDelaySeconds: 20, failureThreshold: 7 },
    lifecycle: { preStop: { exec: { command: ["/bin/sh", "-c", "/bin/sleep 10"] } } },
    ...containerSpec,
    args: [
      `--model_name=${fields.graph.name}`,
      `--predictor_host=${service}.${namespace}:8000`,
      "--protocol=seldon.http",
      "--http_port=9000",
      type,
      ...Object.entries(config).map(([key, value]) => `--${key}=${value}`),
    ],
    ports: [{ name: "http", containerPort: 9000, protocol: "TCP" }],
  };
  return container;
}
