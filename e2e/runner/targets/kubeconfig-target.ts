import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Options } from "../options.ts";
import { TargetMissing, type Place } from "./place.ts";

/** A cluster that somebody else runs, with Istio on it and the model images within its reach. */
export function prepareKubeconfig(options: Options): Place {
  const kubeconfig = options.kubeconfig ?? process.env["KUBECONFIG"] ?? join(homedir(), ".kube", "config");
  if (!existsSync(kubeconfig)) throw new TargetMissing(`there is no kubeconfig ${kubeconfig}`);
  const { context, ingress = "", modelImage } = options;
  return {
    target: {
      kubeconfig,
      ...(context === undefined ? {} : { context }),
      ingress,
      modelImages: { "1": `${modelImage}:1`, "2": `${modelImage}:2` },
      executorImage: `${modelImage}:executor`,
    },
    enter: [],
    env: { KUBECONFIG: kubeconfig },
    isBorrowed: true,
    tearDown: () => Promise.resolve(),
  };
}
