import { join } from "node:path";
import type { ServerTlsFiles } from "../tls/server-tls.ts";
import type { Options } from "./flags.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** The files of the ports' certificate; undefined where SELDON_CERT_MOUNT_PATH is not set: no TLS. */
export function serverTlsFiles(env: Env, options: Pick<Options, "tlsClientCaFile">): ServerTlsFiles | undefined {
  const folder = env["SELDON_CERT_MOUNT_PATH"];
  if (folder === undefined || folder === "") return undefined;
  return {
    certFile: join(folder, env["SELDON_CERT_FILE_NAME"] || "tls.crt"),
    keyFile: join(folder, env["SELDON_CERT_KEY_FILE_NAME"] || "tls.key"),
    clientCaFile: options.tlsClientCaFile,
  };
}
