import { modelParameters } from "../../../../../proto/graph/reserved-parameters.ts";
import type { DefaultedNode, DefaultedPredictor } from "../../../model/defaulted.ts";
import { serverImage } from "../../../model/defaults/server-image.ts";
import type { Container } from "../../../model/kubernetes.ts";
import type { Parameter } from "../../../model/seldon-deployment.ts";
import { podIndexOf, walkNodes } from "../../graph.ts";
import { MODEL_FOLDER } from "./model-download.ts";
import type { ServedNode, ServerContainers } from "./node-server.ts";
import { withVariable } from "./variables.ts";

const TENSORFLOW = "TENSORFLOW_SERVER";
/** The container that serves the model where the node's own is a proxy to it, and its ports. */
const SIDECAR_NAME = "tfserving";
const SIDECAR_GRPC_PORT = 2000;
const SIDECAR_REST_PORT = 2001;

interface TensorflowPorts {
  readonly grpc: number;
  readonly rest: number;
}

function serving(base: Container, image: string, node: DefaultedNode, ports: TensorflowPorts): Container {
  const args = [
    `--port=${ports.grpc}`,
    `--rest_api_port=${ports.rest}`,
    `--model_name=${node.name}`,
    `--model_base_path=${MODEL_FOLDER}`,
  ];
  return {
    ...base,
    image: (base.image ?? "") === "" ? image : (base.image ?? ""),
    args: (base.args ?? []).length > 0 ? (base.args ?? []) : args,
  };
}

/** How many nodes with a server like this one stand before it in its pod: each has ports of its own. */
function rankInPod(predictor: DefaultedPredictor, node: DefaultedNode): number {
  const pod = podIndexOf(predictor, node.name);
  const alike = walkNodes(predictor.graph).filter(
    ({ implementation, name }) => implementation === TENSORFLOW && podIndexOf(predictor, name) === pod,
  );
  return alike.findIndex(({ name }) => name === node.name);
}

/** TensorFlow Serving in the node's own container. */
function planDirect({ context, node, endpoint, container }: ServedNode): ServerContainers {
  const image = serverImage(context.options.workloads.predictorServers, TENSORFLOW, "tensorflow");
  const ports = { grpc: endpoint.grpcPort, rest: endpoint.httpPort };
  return { container: serving(container, image, node, ports), downloads: true };
}

function proxyParameters(node: DefaultedNode, ports: TensorflowPorts): readonly Parameter[] {
  const own = modelParameters(node.parameters ?? []).map(({ name, value, type }) => ({ name, value, type }));
  const located = own.some(({ name }) => name === "rest_endpoint" || name === "grpc_endpoint");
  const endpoints = [
    { name: "rest_endpoint", value: `http://0.0.0.0:${ports.rest}`, type: "STRING" },
    { name: "grpc_endpoint", value: `0.0.0.0:${ports.grpc}`, type: "STRING" },
  ];
  return [...own, ...(located ? [] : endpoints), { name: "model_name", value: node.name, type: "STRING" }];
}

/** Seldon's proxy in the node's container, TensorFlow Serving beside it. */
function planProxied({ context, predictor, node, container }: ServedNode): ServerContainers {
  const rank = rankInPod(predictor, node);
  const ports = { grpc: SIDECAR_GRPC_PORT + 2 * rank, rest: SIDECAR_REST_PORT + 2 * rank };
  const name = rank === 0 ? SIDECAR_NAME : `${SIDECAR_NAME}-${rank + 1}`;
  const pod = predictor.componentSpecs[podIndexOf(predictor, node.name)];
  const given = pod?.spec.containers.find((one) => one.name === name);
  const image = serverImage(context.options.workloads.predictorServers, TENSORFLOW, "tensorflow");
  const sidecar = serving({ imagePullPolicy: "IfNotPresent", ...given, name }, image, node, ports);
  const own = [
    { containerPort: ports.grpc, protocol: "TCP" },
    { containerPort: ports.rest, protocol: "TCP" },
  ];
  const parameters = JSON.stringify(proxyParameters(node, ports));
  return {
    container: withVariable(container, { name: "PREDICTIVE_UNIT_PARAMETERS", value: parameters }),
    sidecar: { ...sidecar, ports: (given?.ports ?? []).length > 0 ? (given?.ports ?? []) : own },
    downloads: true,
  };
}

/** TENSORFLOW_SERVER: itself with protocol tensorflow, behind a proxy with any other. */
export function planTensorflowServer(served: ServedNode): ServerContainers {
  return served.context.protocol === "tensorflow" ? planDirect(served) : planProxied(served);
}
