import type { Logger } from "../observe/log.ts";
import { StartError } from "../start-error.ts";
import type { ClientTls, ClientTlsFiles } from "./client-tls.ts";
import { textOf } from "./key-pair.ts";
import type { Reloaded } from "./rotating-files.ts";
import type { ServerTls, ServerTlsFiles } from "./server-tls.ts";

/** The files of each side that speaks TLS. */
export interface TlsFiles {
  readonly ports: ServerTlsFiles | undefined;
  readonly nodes: ClientTlsFiles | undefined;
  readonly xds: (ClientTlsFiles & { readonly serverName: string | undefined }) | undefined;
}

/** The control plane's side also says which name its certificate must have. */
export interface XdsTls {
  readonly tls: ClientTls;
  readonly serverName: string | undefined;
}

/** Undefined sides speak plainly. */
export interface OpenedTls {
  readonly ports: ServerTls | undefined;
  readonly nodes: ClientTls | undefined;
  readonly xds: XdsTls | undefined;
  stop(): void;
}

/** Reads every side's files, and watches them. Throws StartError where one can't be used. */
export async function openTls(
  files: TlsFiles,
  hooks: { readonly log: Logger; readonly reloaded: (outcome: Reloaded["outcome"]) => void },
): Promise<OpenedTls> {
  const report = (what: string) => (reloaded: Reloaded) => {
    hooks.reloaded(reloaded.outcome);
    if (reloaded.outcome === "success") hooks.log.info(`${what}: new files are in use`);
    else hooks.log.error({ err: reloaded.error }, `${what}: the new files can't be used, the old ones go on`);
  };
  const ports = await opened("the ports' certificate", files.ports, async (side, what) => {
    const { openServerTls } = await import("./server-tls.ts");
    return openServerTls(side, report(what));
  });
  const clientTls = async (side: ClientTlsFiles, what: string): Promise<ClientTls> => {
    const { openClientTls } = await import("./client-tls.ts");
    return openClientTls(side, report(what));
  };
  const nodes = await opened("TLS to nodes", files.nodes, clientTls);
  const xds = await opened("TLS to the control plane", files.xds, clientTls);
  return {
    ports,
    nodes,
    xds: xds === undefined ? undefined : { tls: xds, serverName: files.xds?.serverName },
    stop: () => {
      for (const side of [ports, nodes, xds]) side?.stop();
    },
  };
}

async function opened<F, T>(
  what: string,
  side: F | undefined,
  open: (side: F, what: string) => Promise<T>,
): Promise<T | undefined> {
  if (side === undefined) return undefined;
  try {
    return await open(side, what);
  } catch (error) {
    throw new StartError(`${what} can't be used: ${textOf(error)}`);
  }
}
