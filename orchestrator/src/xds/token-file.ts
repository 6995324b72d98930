import { openRotatingFiles, type RotatingFiles } from "../tls/rotating-files.ts";
import type { Logger } from "../observe/log.ts";

/** The token shown to the control plane. */
export interface TokenFile {
  /** The token as it is in the file now; undefined where it can't be read. */
  read(): Promise<string | undefined>;
  stop(): void;
}

/** Watches a file with a token; `changed` is called when another token stands in it. */
export function openTokenFile(file: string, log: Logger, changed: () => void): TokenFile {
  let opening: Promise<RotatingFiles<string>> | undefined;
  let opened: RotatingFiles<string> | undefined;
  let isStopped = false;
  const warn = (error: unknown): void => {
    log.warn(`the token can't be read: ${error instanceof Error ? error.message : String(error)}`);
  };
  const open = async (): Promise<RotatingFiles<string>> => {
    const rotating = await openRotatingFiles([file], parse, (reloaded) => {
      if (reloaded.outcome === "failure") warn(reloaded.error);
    });
    if (isStopped) rotating.stop();
    opened = rotating;
    rotating.follow(changed);
    return rotating;
  };
  return {
    read: async () => {
      try {
        if (opened === undefined) return (await (opening ??= open())).current;
        // A connection is about to be opened anyhow: it takes the new token without being told.
        await opened.reload();
        return opened.current;
      } catch (error) {
        opening = undefined;
        warn(error);
        return undefined;
      }
    },
    stop: () => {
      isStopped = true;
      opened?.stop();
    },
  };
}

function parse([content]: readonly Buffer[]): string {
  const token = (content ?? "").toString().trim();
  if (token === "") throw new Error("the file is empty");
  return token;
}
