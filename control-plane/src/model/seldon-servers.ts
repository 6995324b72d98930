import type { PredictorServers, ServerImage } from "./defaults/predictor-servers.ts";
import type { SeldonConfig } from "./seldon-config.ts";
import type { ModelSettings } from "./settings.ts";

/** Servers whose images variables can replace, and the words for them in the variables' names. */
const RELATED_SERVERS = {
  SKLEARN_SERVER: "SKLEARNSERVER",
  XGBOOST_SERVER: "XGBOOSTSERVER",
  MLFLOW_SERVER: "MLFLOWSERVER",
} as const;

/** A whole image by a variable: nothing is added to its name. */
function relatedImage(variables: Readonly<Record<string, string>>, name: string): ServerImage | undefined {
  const image = variables[`RELATED_IMAGE_${name}`] ?? "";
  return image === "" ? undefined : { image, defaultImageVersion: "" };
}

/** Images that RELATED_IMAGE_* variables set stand for those of a table of servers, per protocol. */
export function withRelatedImages(
  servers: PredictorServers,
  variables: Readonly<Record<string, string>>,
): PredictorServers {
  const replaced = Object.entries(RELATED_SERVERS).map(([server, word]) => {
    const seldon = relatedImage(variables, word);
    const v2 = relatedImage(variables, `${word}_V2`);
    const { kfserving, ...protocols } = servers[server]?.protocols ?? {};
    // `kfserving` is the older name of v2 and stands in for it: both are replaced at once.
    const older = kfserving === undefined ? {} : { kfserving: v2 ?? kfserving };
    const own = {
      ...protocols,
      ...older,
      ...(seldon === undefined ? {} : { seldon }),
      ...(v2 === undefined ? {} : { v2 }),
    };
    return [server, { protocols: own }] as const;
  });
  const filled = replaced.filter(([, { protocols }]) => Object.keys(protocols).length > 0);
  return { ...servers, ...Object.fromEntries(filled) };
}

/** The settings with the servers of the ConfigMap, which replace the table as a whole, and of the variables. */
export function withSeldonServers(
  settings: ModelSettings,
  { predictorServers = settings.predictorServers }: SeldonConfig,
  variables: Readonly<Record<string, string>> = {},
): ModelSettings {
  return { ...settings, predictorServers: withRelatedImages(predictorServers, variables) };
}
