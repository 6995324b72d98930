import { join } from "node:path";
import type { ServerTlsFiles } from "../tls/server-tls.ts";
import type { Options } from "./flags.ts";
import { StartError } from "../start-error.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/**
 * The files of the ports' certificate; undefined where SELDON_CERT_MOUNT_PATH is not set: no TLS. Throws StartError where
 * clients' certificates are asked for all the same: nobody would be asked.
 */
export function serverTlsFiles(env: Env, options: Pick<Options, "tlsClientCaFile">): ServerTlsFiles | undefined {
  const folder = env["SELDON_CERT_MOUNT_PATH"];
  if (folder === undefined || folder === "") {
    if (options.tlsClientCaFile === undefined) return undefined;
    throw new StartError("--tls_client_ca_file asks for TLS, and there is no certificate: set SELDON_CERT_MOUNT_PATH");
  }
  return {
    certFile: join(folder, env["SELDON_CERT_FILE_NAME"] || "tls.crt"),
    keyFile: join(folder, env["SELDON_CERT_KEY_FILE_NAME"] || "tls.key"),
    clientCaFile: options.tlsClientCaFile,
  };
}
