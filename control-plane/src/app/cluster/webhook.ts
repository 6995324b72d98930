import type { CertificateSource } from "../../deliver/admission/certificates/certificate-source.ts";
import { startMountedCertificates } from "../../deliver/admission/certificates/mounted-certificates.ts";
import { startOwnCertificates } from "../../deliver/admission/certificates/own-certificates.ts";
import type { CertificatePair } from "../../deliver/admission/certificates/pair.ts";
import { startAdmissionServer, type AdmissionServer, type ReviewReport } from "../../deliver/admission/server.ts";
import type { ApiClient } from "../../kubernetes-api/api-client.ts";
import { systemClock } from "../../kubernetes-api/clock.ts";
import type { ModelSettings } from "../../model/settings.ts";
import type { Logger } from "./log.ts";
import type { WebhookSettings } from "./settings/cluster-settings.ts";

export interface WebhookOptions {
  readonly client: ApiClient;
  readonly webhook: WebhookSettings;
  readonly ownNamespace: string;
  readonly clusterDomain: string;
  readonly modelSettings: () => ModelSettings;
  readonly onReview: (report: ReviewReport) => void;
  readonly log: Logger;
}

export interface Webhook {
  /** Why it is not served; undefined: it is. */
  notReady(): string | undefined;
  stop(): Promise<void>;
}

/** Serves the admission webhook as soon as there is a certificate for it; nothing else waits for that. */
export function startWebhook(options: WebhookOptions): Webhook {
  const { log } = options;
  const ended = new AbortController();
  let server: AdmissionServer | undefined;
  let source: CertificateSource | undefined;
  let newest: CertificatePair | undefined;
  let reason = "the webhook has no certificate yet";

  const watcher = {
    signal: ended.signal,
    onPair: (pair: CertificatePair) => {
      newest = pair;
      server?.setCertificate(pair);
      log.info("the webhook has a new certificate");
    },
    onProblem: (problem: Error) => {
      log.warn({ err: problem }, "the webhook's certificate");
    },
  };

  async function run(): Promise<void> {
    source = await startCertificates(options, watcher);
    if (ended.signal.aborted) return;
    const pair = newest ?? source.pair;
    server = await startAdmissionServer({
      host: "0.0.0.0",
      port: options.webhook.port,
      certificate: pair,
      settings: options.modelSettings,
      onReview: options.onReview,
      onFault: ({ status, message }) => {
        log.warn({ status }, `the webhook was asked what it can't answer: ${message}`);
      },
    });
    // One may have come while the server began to listen.
    if (newest !== undefined && newest !== pair) server.setCertificate(newest);
    log.info({ port: server.port }, "the webhook is served");
  }

  const running = run().catch((error: unknown) => {
    reason = `the webhook can't be served: ${error instanceof Error ? error.message : String(error)}`;
    if (!ended.signal.aborted) log.error({ err: error }, "the webhook can't be served");
  });
  return {
    notReady: () => (server === undefined ? reason : undefined),
    stop: async () => {
      ended.abort();
      await source?.stop();
      await running;
      await server?.close();
    },
  };
}

function startCertificates(
  { client, webhook, ownNamespace, clusterDomain }: WebhookOptions,
  watcher: Pick<Parameters<typeof startOwnCertificates>[0], "signal" | "onPair" | "onProblem">,
): Promise<CertificateSource> {
  if (webhook.certDir !== undefined)
    return startMountedCertificates({ ...watcher, clock: systemClock, folder: webhook.certDir });
  const host = `${webhook.service}.${ownNamespace}.svc`;
  return startOwnCertificates({
    ...watcher,
    api: client,
    clock: systemClock,
    secret: { namespace: ownNamespace, name: webhook.secret },
    configuration: webhook.configuration,
    dnsNames: [host, `${host}.${clusterDomain}`],
  });
}
