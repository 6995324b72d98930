import type { Container } from "../../../model/kubernetes.ts";
import type { Parameter } from "../../../model/seldon-deployment.ts";
import { downloadSecretOf } from "./download-secret.ts";
import { MODEL_FOLDER } from "./model-download.ts";
import type { ServedNode, ServerContainers } from "./node-server.ts";
import { withHealthProbes } from "./server-probes.ts";

function valueOf(parameters: readonly Parameter[], name: string): string | undefined {
  return parameters.findLast((one) => one.name === name)?.value;
}

/** Flags of a Triton that reads its models where they are: parameters choose among them. Several models by commas. */
function repositoryFlags(modelUri: string, parameters: readonly Parameter[]): readonly string[] {
  const mode = valueOf(parameters, "model_control_mode");
  const models = parameters.filter(({ name }) => name === "load_model").flatMap(({ value }) => value.split(","));
  const named = models.map((model) => model.trim()).filter((model) => model !== "");
  return [
    `--model-repository=${modelUri}`,
    `--strict-model-config=${valueOf(parameters, "strict_model_config") ?? "false"}`,
    ...(mode === undefined ? [] : [`--model-control-mode=${mode}`]),
    ...named.map((model) => `--load-model=${model}`),
  ];
}

function withArgs(container: Container, args: readonly string[]): Container {
  return (container.args ?? []).length > 0 ? container : { ...container, args };
}

/** Triton. With `seldon.io/no-storage-initializer` it fetches its models itself and gets the secret for it. */
export function planTritonServer({ context, node, endpoint, container }: ServedNode): ServerContainers {
  const start = [
    "/opt/tritonserver/bin/tritonserver",
    `--grpc-port=${endpoint.grpcPort}`,
    `--http-port=${endpoint.httpPort}`,
  ];
  const probed = withHealthProbes(container);
  if (!context.annotations.noStorageInitializer) {
    const flags = [`--model-repository=${MODEL_FOLDER}`, "--strict-model-config=false"];
    return { container: withArgs(probed, [...start, ...flags]), downloads: true };
  }
  const served = withArgs(probed, [...start, ...repositoryFlags(node.modelUri ?? "", node.parameters ?? [])]);
  const secret = downloadSecretOf(context, node);
  const envFrom = secret === "" ? {} : { envFrom: [...(served.envFrom ?? []), { secretRef: { name: secret } }] };
  return { container: { ...served, ...envFrom }, downloads: false };
}
