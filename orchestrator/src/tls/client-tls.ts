import type { ConnectionOptions } from "node:tls";
import { checkedContext } from "./key-pair.ts";
import { openRotatingFiles, type Reloaded, type RotationTimes } from "./rotating-files.ts";

/** The files of one side that connects: whom it believes, and what it shows. */
export interface ClientTlsFiles {
  /** Authorities in PEM; without it those that Node.js brings. */
  readonly caFile: string | undefined;
  readonly pair: { readonly certFile: string; readonly keyFile: string } | undefined;
}

/** How to connect by TLS; new connections use the files as they are now. */
export interface ClientTls {
  /** Part of the options of `tls.connect`; the same object until the files change. */
  current(): Pick<ConnectionOptions, "secureContext">;
  stop(): void;
}

/** Reads and watches the files. Rejects where they can't be read, don't parse or don't match. */
export async function openClientTls(
  files: ClientTlsFiles,
  report: (reloaded: Reloaded) => void,
  times?: RotationTimes,
): Promise<ClientTls> {
  const { caFile, pair } = files;
  const all = [...(pair === undefined ? [] : [pair.certFile, pair.keyFile]), ...(caFile === undefined ? [] : [caFile])];
  const parse = (contents: readonly Buffer[]) => {
    const [cert, key] = contents;
    const ca = caFile === undefined ? undefined : contents.at(-1);
    const isPair = pair !== undefined && cert !== undefined && key !== undefined;
    const { context } = checkedContext({ pair: isPair ? { cert, key } : undefined, ca });
    return { secureContext: context };
  };
  const rotating = await openRotatingFiles(all, parse, report, times);
  return {
    current: () => rotating.current,
    stop: () => {
      rotating.stop();
    },
  };
}
