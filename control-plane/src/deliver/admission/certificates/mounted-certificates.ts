import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sleep, type Clock } from "../../../kubernetes-api/clock.ts";
import type { CertificateSource, CertificateWatcher } from "./certificate-source.ts";
import { keepLooking } from "./keep-looking.ts";
import { readPair, type CertificatePair } from "./pair.ts";

export interface MountedCertificateOptions extends CertificateWatcher {
  readonly clock: Clock;
  /** Folder with `tls.crt` and `tls.key`, as kubelet mounts a Secret of cert-manager. */
  readonly folder: string;
  /** How often the files are read. Default 10 s. */
  readonly checkEveryMs?: number;
}

const CHECK_EVERY_MS = 10_000;

/**
 * Serves what somebody else puts into a folder. Reads the files again and again instead of watching them: kubelet swaps
 * links, which watchers miss. Resolves with the first certificate; until then it goes on trying.
 */
export async function startMountedCertificates(options: MountedCertificateOptions): Promise<CertificateSource> {
  const { clock, folder, onPair, onProblem, checkEveryMs = CHECK_EVERY_MS } = options;
  let served: CertificatePair | undefined;

  return keepLooking(async (found, ended) => {
    while (!ended.aborted) {
      try {
        await turn(found);
      } catch (error) {
        onProblem(error instanceof Error ? error : new Error(String(error)));
      }
      await sleep(clock, checkEveryMs, ended);
    }
  }, options.signal);

  async function turn(found: (first: CertificatePair) => void): Promise<void> {
    const pair = await readFolder(folder);
    if (pair.certificate === served?.certificate && pair.key === served.key) return;
    const tell = served === undefined ? found : onPair;
    served = pair;
    tell(pair);
  }
}

async function readFolder(folder: string): Promise<CertificatePair> {
  const [certificate, key] = await Promise.all(
    ["tls.crt", "tls.key"].map((name) => readFile(join(folder, name), "utf8")),
  );
  const pair = { certificate: certificate ?? "", key: key ?? "" };
  if (readPair(pair) === undefined) throw new Error(`certificate and key in ${folder} do not belong together`);
  return pair;
}
