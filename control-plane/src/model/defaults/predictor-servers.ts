/** One image of a prepackaged server. */
export interface ServerImage {
  readonly image: string;
  /** The tag; empty: none is added. */
  readonly defaultImageVersion: string;
}

/** A prepackaged server: its image per protocol. */
export interface PredictorServer {
  readonly protocols: Readonly<Partial<Record<string, ServerImage>>>;
}

/** Prepackaged servers by implementation name, in the shape of Seldon's `predictor_servers`. */
export type PredictorServers = Readonly<Partial<Record<string, PredictorServer>>>;

const SELDON_VERSION = "1.17.1";
const MLSERVER_VERSION = "1.3.5";

function seldon(image: string): ServerImage {
  return { image: `seldonio/${image}`, defaultImageVersion: SELDON_VERSION };
}

function mlserver(flavour: string): ServerImage {
  return { image: "seldonio/mlserver", defaultImageVersion: `${MLSERVER_VERSION}-${flavour}` };
}

/** The table that Seldon 1.17.1 ships. */
export const DEFAULT_PREDICTOR_SERVERS: PredictorServers = {
  SKLEARN_SERVER: { protocols: { seldon: seldon("sklearnserver"), v2: mlserver("sklearn") } },
  XGBOOST_SERVER: { protocols: { seldon: seldon("xgboostserver"), v2: mlserver("xgboost") } },
  MLFLOW_SERVER: { protocols: { seldon: seldon("mlflowserver"), v2: mlserver("mlflow") } },
  TENSORFLOW_SERVER: {
    protocols: {
      seldon: seldon("tfserving-proxy"),
      tensorflow: { image: "tensorflow/serving", defaultImageVersion: "2.1.0" },
    },
  },
  TRITON_SERVER: { protocols: { v2: { image: "nvcr.io/nvidia/tritonserver", defaultImageVersion: "21.08-py3" } } },
  HUGGINGFACE_SERVER: { protocols: { v2: mlserver("huggingface") } },
  TEMPO_SERVER: { protocols: { v2: mlserver("slim") } },
};
