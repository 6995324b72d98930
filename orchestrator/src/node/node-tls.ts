import { createRequire } from "node:module";
import type { buildConnector as BuildConnector } from "undici";
import type { ClientTls } from "../tls/client-tls.ts";

/**
 * A connector for undici's pool that opens each TLS connection with the files as they are now. Sessions are resumed only
 * under the files that they began with: a new certificate is shown at once.
 */
export function tlsConnector(tls: ClientTls, connectTimeoutMs: number): BuildConnector.connector {
  const buildConnector = createRequire(import.meta.url)("undici/lib/core/connect.js") as typeof BuildConnector;
  let madeWith: ReturnType<ClientTls["current"]> | undefined;
  let connector: BuildConnector.connector | undefined;
  return (options, callback) => {
    const current = tls.current();
    if (connector === undefined || current !== madeWith) {
      madeWith = current;
      connector = buildConnector({ ...current, timeout: connectTimeoutMs, allowH2: false });
    }
    connector(options, callback);
  };
}
