import type { EnvVar } from "../../../model/kubernetes.ts";
import { MODEL_FOLDER } from "./model-download.ts";
import type { ServedNode, ServerContainers } from "./node-server.ts";
import { withHealthProbes } from "./server-probes.ts";
import { withDefaultVariables } from "./variables.ts";

/** The class that serves a model, by implementation; another one's image must know its own. */
const RUNTIMES: Readonly<Partial<Record<string, string>>> = {
  SKLEARN_SERVER: "mlserver_sklearn.SKLearnModel",
  XGBOOST_SERVER: "mlserver_xgboost.XGBoostModel",
  MLFLOW_SERVER: "mlserver_mlflow.MLflowRuntime",
  HUGGINGFACE_SERVER: "mlserver_huggingface.HuggingFaceRuntime",
  TEMPO_SERVER: "tempo.mlserver.InferenceRuntime",
};

/** What Hugging Face needs: no processes of its own, and a cache that it may write to. */
const HUGGING_FACE: readonly EnvVar[] = [
  { name: "MLSERVER_PARALLEL_WORKERS", value: "0" },
  { name: "XDG_CACHE_HOME", value: "/opt/mlserver" },
];

function tempoOptions(namespace: string): string {
  const options = { defaultRuntime: "tempo.seldon.SeldonKubernetesRuntime", namespace };
  return JSON.stringify({ k8s_options: options });
}

/** MLServer, which serves protocol v2. Ports and the model's name are those of every container of the graph. */
export function planMlServer({ context, node, container }: ServedNode): ServerContainers {
  const runtime = Object.hasOwn(RUNTIMES, node.implementation) ? RUNTIMES[node.implementation] : undefined;
  const variables: readonly EnvVar[] = [
    { name: "MLSERVER_MODEL_IMPLEMENTATION", value: runtime ?? "" },
    { name: "MLSERVER_MODEL_VERSION", value: "v1" },
    { name: "MLSERVER_MODEL_URI", value: MODEL_FOLDER },
    { name: "TEMPO_RUNTIME_OPTIONS", value: tempoOptions(context.namespace) },
    ...(node.implementation === "HUGGINGFACE_SERVER" ? HUGGING_FACE : []),
  ];
  return { container: withHealthProbes(withDefaultVariables(container, variables)), downloads: true };
}
