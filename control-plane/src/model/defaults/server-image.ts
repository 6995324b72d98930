import type { PredictorServers, ServerImage } from "./predictor-servers.ts";

/**
 * The image of a prepackaged server, with its tag; empty when the server has none for the protocol. `v2` and its older
 * name `kfserving` stand in for each other.
 */
export function serverImage(servers: PredictorServers, implementation: string, protocol: string | undefined): string {
  const protocols = Object.hasOwn(servers, implementation) ? servers[implementation]?.protocols : undefined;
  if (protocols === undefined) return "";
  const wanted = protocol === undefined || protocol === "" ? "seldon" : protocol;
  const other = { v2: "kfserving", kfserving: "v2" }[wanted];
  const found = protocols[wanted] ?? (other === undefined ? undefined : protocols[other]);
  return found === undefined ? "" : fullName(found);
}

function fullName({ image, defaultImageVersion }: ServerImage): string {
  return defaultImageVersion === "" ? image : `${image}:${defaultImageVersion}`;
}
