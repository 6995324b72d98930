import { judgeIstioVersion } from "../../render/istio/installation/versions.ts";
import { OLDEST_ENVOY_MINOR } from "../../render/xds/versions.ts";
import type { XdsNode } from "../xds-server/node-view.ts";

/** A version is what the proxy says it is. */
const LONGEST_VERSION = 64;

/**
 * Why a proxy is too old for what it is told, by its own word: the version of its Envoy, or of the Istio that it is of. Undefined:
 * it is not, or says no version.
 */
export function tooOld({ id, envoyVersion, metadata }: XdsNode): string | undefined {
  const istio = metadata["ISTIO_VERSION"];
  const verdict = typeof istio === "string" ? judgeIstioVersion(istio.slice(0, LONGEST_VERSION)) : undefined;
  if (verdict?.kind === "refused") return `${nameOf(id)}: ${verdict.message}`;
  if (envoyVersion === undefined || !isOld(envoyVersion)) return undefined;
  const supported = `Graphway works with Envoy 1.${OLDEST_ENVOY_MINOR} and newer`;
  return `${nameOf(id)}: Envoy ${envoyVersion} is too old; ${supported}`;
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < 1 || (major === 1 && minor < OLDEST_ENVOY_MINOR);
}

/** Ids can be as long as clients like. */
const LONGEST_NAME = 200;

/** The pod in an id: `<kind>~<address>~<pod>.<namespace>~<domain>` of Istio's, `gateway~<namespace>~<name>~<pod>` of ours. */
function nameOf(id: string): string {
  const [kind, namespace = "", pod, last] = id.split("~");
  const name = kind === "gateway" && last !== undefined ? `${last}.${namespace}` : (pod ?? id);
  return name.slice(0, LONGEST_NAME).toWellFormed();
}
