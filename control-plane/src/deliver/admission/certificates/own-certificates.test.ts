import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { KubernetesObject } from "../../../kubernetes-api/object.ts";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import { startFakeApiServer, type FakeApiServer } from "../../../kubernetes-api/tests/fake-api-server.ts";
import { SteppedClock } from "../../../kubernetes-api/tests/stepped-clock.ts";
import { until } from "../../../kubernetes-api/tests/until.ts";
import { webhookConfiguration } from "../webhook-configuration.ts";
import type { CertificateSource } from "./certificate-source.ts";
import { startOwnCertificates } from "./own-certificates.ts";
import { readBundle, type CertificatePair } from "./pair.ts";

const DAY_MS = 86_400_000;
const SECRET = { namespace: "graphway", name: "graphway-webhook-cert" };
const CONFIGURATION = "graphway-validating-webhook";
const NAME = "graphway-webhook.graphway.svc";

describe("certificates of our own in a cluster", () => {
  let server: FakeApiServer;
  let clock: SteppedClock;
  let sources: CertificateSource[];
  let problems: string[];

  beforeEach(async () => {
    server = await startFakeApiServer();
    clock = new SteppedClock();
    sources = [];
    problems = [];
    configure();
  });
  afterEach(async () => {
    await Promise.all(sources.map((source) => source.stop()));
    await server.stop();
  });

  function configure(): void {
    const service = { namespace: SECRET.namespace, name: "graphway-webhook", port: 443 };
    server.objects.put(
      RESOURCE.validatingWebhookConfiguration,
      webhookConfiguration({ name: CONFIGURATION, scope: { kind: "cluster" }, target: { service } }),
    );
  }

  async function replica(): Promise<CertificateSource & { readonly pairs: CertificatePair[] }> {
    const pairs: CertificatePair[] = [];
    const source = await startOwnCertificates({
      api: server.client(),
      clock,
      secret: SECRET,
      configuration: CONFIGURATION,
      dnsNames: [NAME],
      onPair: (pair) => pairs.push(pair),
      onProblem: (error) => problems.push(error.message),
    });
    sources.push(source);
    pairs.unshift(source.pair);
    return { ...source, pairs };
  }

  function secret(): KubernetesObject {
    const found = server.objects.get(RESOURCE.secret, SECRET);
    assert.ok(found !== undefined);
    return found;
  }

  function field(name: string): string {
    const data = secret()["data"] as Readonly<Record<string, string>>;
    return Buffer.from(data[name] ?? "", "base64").toString();
  }

  function bundle(): string {
    const found = server.objects.get(RESOURCE.validatingWebhookConfiguration, { namespace: "", name: CONFIGURATION });
    const [webhook] = found?.["webhooks"] as readonly { clientConfig: { caBundle?: string } }[];
    return Buffer.from(webhook?.clientConfig.caBundle ?? "", "base64").toString();
  }

  function trusts(pems: string, certificate: string): boolean {
    return readBundle(pems).some((authority) => new X509Certificate(certificate).verify(authority.publicKey));
  }

  /** Lets time pass in steps, and replicas do what they do between them. */
  async function pass(ms: number, stepMs: number): Promise<void> {
    for (let past = 0; past < ms; past += stepMs) {
      await until(() => clock.timers >= sources.length);
      clock.leap(stepMs);
      await until(() => clock.timers >= sources.length);
    }
  }

  it("are made, kept in a Secret, and trusted by the webhook's configuration", async () => {
    const { pair } = await replica();
    await until(() => bundle() !== "");
    assert.equal(secret()["type"], "kubernetes.io/tls");
    assert.deepEqual([field("tls.crt"), field("tls.key")], [pair.certificate, pair.key]);
    assert.equal(bundle(), field("ca.crt"));
    assert.ok(trusts(bundle(), pair.certificate));
    assert.deepEqual(problems, []);
  });

  it("are the same for replicas that start at once", async () => {
    const replicas = await Promise.all([replica(), replica(), replica()]);
    const certificates = new Set(replicas.map(({ pair }) => pair.certificate));
    assert.deepEqual([...certificates], [field("tls.crt")]);
    await until(() => bundle() === field("ca.crt"));
    assert.deepEqual(problems, []);
  });

  it("are taken over by a replica that starts later", async () => {
    const first = await replica();
    await first.stop();
    const second = await replica();
    assert.equal(second.pair.certificate, first.pair.certificate);
  });

  it("are replaced in time, and at every moment what is served is trusted", async () => {
    const replicas = [await replica(), await replica()];
    await until(() => bundle() !== "");
    const before = replicas[0]?.pair.certificate ?? "";
    await pass(61 * DAY_MS, 61 * DAY_MS);
    assert.ok(field("tls.crt") !== before && bundle() === field("ca.crt"));
    assert.equal(readBundle(bundle()).length, 2);
    assert.ok(trusts(bundle(), before) && trusts(bundle(), field("tls.crt")));
    await pass(5 * 60_000, 30_000);
    for (const { pairs } of replicas) assert.equal(pairs.at(-1)?.certificate, field("tls.crt"));
    assert.equal(new Set(replicas.flatMap(({ pairs }) => pairs.map(({ certificate }) => certificate))).size, 2);
    await pass(2 * DAY_MS, DAY_MS / 2);
    await until(() => readBundle(bundle()).length === 1);
    assert.ok(trusts(bundle(), field("tls.crt")) && !trusts(bundle(), before));
    assert.deepEqual(problems, []);
  });

  it("are there once API servers trust them, so that who is ready is believed", async () => {
    const { pairs } = await replica();
    assert.ok(trusts(bundle(), pairs[0]?.certificate ?? ""));
  });

  it("are not served before they are trusted", async () => {
    const { pairs } = await replica();
    await until(() => bundle() !== "");
    server.fail({ verb: "apply", kind: "ValidatingWebhookConfiguration", status: 500, times: 3 });
    await pass(61 * DAY_MS, 61 * DAY_MS);
    assert.equal(problems.length, 1);
    assert.equal(pairs.length, 1);
    server.heal();
    await pass(5 * 60_000, 30_000);
    assert.equal(pairs.length, 2);
    assert.ok(trusts(bundle(), pairs[1]?.certificate ?? ""));
  });

  it("are repaired when somebody spoils the Secret, deletes it, or the configuration's bundle", async () => {
    const { pairs } = await replica();
    await until(() => bundle() !== "");
    const spoilt = { ...secret(), data: { "tls.crt": "bm9uc2Vuc2U=", other: "a2VwdA==" } };
    server.objects.put(RESOURCE.secret, spoilt);
    await pass(3 * 60_000, 30_000);
    assert.equal(pairs.length, 2);
    assert.equal(field("other"), "kept");
    server.objects.delete(RESOURCE.secret, SECRET);
    await pass(3 * 60_000, 30_000);
    assert.equal(pairs.length, 3);
    configure();
    assert.equal(bundle(), "");
    await pass(3 * 60_000, 30_000);
    assert.ok(trusts(bundle(), pairs.at(-1)?.certificate ?? ""));
  });

  it("wait for the API server, and for the configuration", async () => {
    server.objects.delete(RESOURCE.validatingWebhookConfiguration, { namespace: "", name: CONFIGURATION });
    server.fail({ verb: "get", kind: "Secret", status: 503, times: 2 });
    const starting = replica();
    await until(() => problems.length === 1);
    for (let turn = 0; turn < 10; turn += 1) {
      clock.leap(30_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await starting;
    await until(() => problems.some((one) => one.includes("no ValidatingWebhookConfiguration")));
    configure();
    await pass(5 * 60_000, 30_000);
    assert.equal(bundle(), field("ca.crt"));
  });
});
