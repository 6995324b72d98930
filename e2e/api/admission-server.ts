// A webhook of our own making, for admission.e2e.ts: node admission-server.ts <host> <namespace> <configuration>.
// Runs where the API server can reach it; says its port on standard output and ends with its standard input.
import { once } from "node:events";
import { argv, stdin, stdout } from "node:process";
import { startOwnCertificates } from "../../control-plane/src/deliver/admission/certificates/own-certificates.ts";
import {
  startAdmissionServer,
  type AdmissionServer,
  type ReviewReport,
} from "../../control-plane/src/deliver/admission/server.ts";
import {
  webhookConfiguration,
  type WebhookConfigurationOptions,
} from "../../control-plane/src/deliver/admission/webhook-configuration.ts";
import { systemClock } from "../../control-plane/src/kubernetes-api/clock.ts";
import { connectToCluster } from "../../control-plane/src/kubernetes-api/connect.ts";
import { RESOURCE } from "../../control-plane/src/kubernetes-api/resource-types.ts";
import { DEFAULT_MODEL_SETTINGS } from "../../control-plane/src/model/settings.ts";

const running: { server?: AdmissionServer } = {};
const [host = "", namespace = "", configuration = ""] = argv.slice(2);
const api = await connectToCluster();

/** Every line is JSON. */
function say(line: object): void {
  stdout.write(`${JSON.stringify(line)}\n`);
}

function configure(port: number): Promise<unknown> {
  const options: WebhookConfigurationOptions = {
    name: configuration,
    scope: { kind: "namespace", namespace },
    target: { url: `https://${host}:${port}` },
  };
  const apply = { fieldManager: "graphway-e2e" };
  return api.apply(RESOURCE.validatingWebhookConfiguration, webhookConfiguration(options), apply);
}

const certificates = await startOwnCertificates({
  api,
  clock: systemClock,
  secret: { namespace, name: "webhook-certificate" },
  configuration,
  dnsNames: [host],
  checkEveryMs: 1_000,
  settleMs: 100,
  onPair: (pair) => {
    running.server?.setCertificate(pair);
    say({ renewed: true });
  },
  onProblem: ({ message }) => {
    say({ problem: message });
  },
});
const server = await startAdmissionServer({
  host,
  port: 0,
  certificate: certificates.pair,
  settings: () => DEFAULT_MODEL_SETTINGS,
  onReview: (report: ReviewReport) => {
    say({ review: report });
  },
  onFault: (fault) => {
    say({ fault });
  },
});
running.server = server;
await configure(server.port);
say({ port: server.port });

stdin.resume();
await once(stdin, "end");
await certificates.stop();
await server.close();
await api.close();
