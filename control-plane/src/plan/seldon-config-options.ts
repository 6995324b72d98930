import type { SeldonConfig } from "../model/seldon-config.ts";
import { withRelatedImages } from "../model/seldon-servers.ts";
import type { WorkloadOptions } from "./workload-options.ts";

function firstGiven(...texts: readonly (string | undefined)[]): string {
  return texts.find((text) => (text ?? "") !== "") ?? "";
}

/**
 * The options with what the ConfigMap `seldon-config` says, and what RELATED_IMAGE_* variables say, which win.
 *
 * @param variables the environment, or only those variables
 */
export function withSeldonConfig(
  options: WorkloadOptions,
  {
    predictorServers = options.predictorServers,
    storageInitializer = {},
    explainer = {},
    credentials = {},
  }: SeldonConfig,
  variables: Readonly<Record<string, string>> = {},
): WorkloadOptions {
  const related = (name: string): string | undefined => variables[`RELATED_IMAGE_${name}`];
  const initializer = options.storageInitializer;
  const images = options.explainer;
  return {
    ...options,
    predictorServers: withRelatedImages(predictorServers, variables),
    storageInitializer: {
      ...initializer,
      ...storageInitializer,
      image: firstGiven(related("STORAGE_INITIALIZER"), storageInitializer.image, initializer.image),
    },
    explainer: {
      image: firstGiven(related("EXPLAINER"), explainer.image, images.image),
      imageV2: firstGiven(related("EXPLAINER_V2"), explainer.imageV2, images.imageV2),
    },
    credentials: { ...options.credentials, ...credentials },
  };
}
