import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { after, before, describe, it } from "node:test";
import { DEFAULT_MODEL_SETTINGS, type ModelSettings } from "../../model/settings.ts";
import type { AdmissionReviewResponse } from "./admission-review.ts";
import { issueCertificate, type IssuedCertificate } from "./certificates/issue.ts";
import { ADMISSION_PATHS } from "./kinds.ts";
import { objectOfCase, reviewOf } from "./reviews-for-tests.ts";
import { startAdmissionServer, type AdmissionFault, type AdmissionServer, type ReviewReport } from "./server.ts";

const HOUR_MS = 3_600_000;

function newCertificate(): Promise<IssuedCertificate> {
  return issueCertificate({ dnsNames: ["localhost", "127.0.0.1"], nowMs: Date.now(), lifetimeMs: HOUR_MS });
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

describe("the admission server", () => {
  let first: IssuedCertificate;
  let server: AdmissionServer;
  let settings: ModelSettings = DEFAULT_MODEL_SETTINGS;
  const reviews: ReviewReport[] = [];
  const faults: AdmissionFault[] = [];

  before(async () => {
    first = await newCertificate();
    server = await startAdmissionServer({
      host: "127.0.0.1",
      port: 0,
      certificate: first,
      settings: () => settings,
      largestReviewBytes: 4 * 1024 * 1024,
      onReview: (report) => reviews.push(report),
      onFault: (fault) => faults.push(fault),
    });
  });
  after(() => server.close());

  async function post(path: string, body: string, options: { agent?: Agent; type?: string } = {}): Promise<Answer> {
    const headers = { "content-type": options.type ?? "application/json", "content-length": Buffer.byteLength(body) };
    const { agent = false } = options;
    const sent = request({
      host: "127.0.0.1",
      port: server.port,
      path,
      method: "POST",
      ca: first.authority,
      headers,
      agent,
    });
    sent.on("error", () => undefined);
    sent.end(body);
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    let text = "";
    for await (const chunk of response) text += String(chunk);
    return { status: response.statusCode ?? 0, body: JSON.parse(text) };
  }

  async function review(object: Readonly<Record<string, unknown>>): Promise<AdmissionReviewResponse> {
    const { status, body } = await post(ADMISSION_PATHS.SeldonDeployment, JSON.stringify(reviewOf(object)));
    assert.equal(status, 200);
    return body as AdmissionReviewResponse;
  }

  it("answers reviews, and says how it went", async () => {
    reviews.length = 0;
    const { apiVersion, kind, response } = await review(objectOfCase("rule-01-protocol"));
    assert.deepEqual([apiVersion, kind, response.allowed], ["admission.k8s.io/v1", "AdmissionReview", false]);
    const [report] = reviews;
    assert.ok(report !== undefined && report.durationMs >= 0);
    assert.deepEqual(
      [report.kind, report.operation, report.allowed, report.dryRun],
      ["SeldonDeployment", "CREATE", false, false],
    );
  });

  it("judges policies at a path of their own", async () => {
    const targetRef = { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: "example" };
    const object = {
      apiVersion: "graphway.dev/v1alpha1",
      kind: "RoutePolicy",
      metadata: { name: "p" },
      spec: { targetRef },
    };
    const { body } = await post(ADMISSION_PATHS.RoutePolicy, JSON.stringify(reviewOf(object)));
    assert.equal((body as AdmissionReviewResponse).response.allowed, true);
  });

  it("takes the settings of the moment", async () => {
    assert.equal((await review(objectOfCase("rule-14-server"))).response.allowed, false);
    const SKLERN_SERVER = DEFAULT_MODEL_SETTINGS.predictorServers["SKLEARN_SERVER"];
    assert.ok(SKLERN_SERVER !== undefined);
    settings = { ...DEFAULT_MODEL_SETTINGS, predictorServers: { ...settings.predictorServers, SKLERN_SERVER } };
    assert.equal((await review(objectOfCase("rule-14-server"))).response.allowed, true);
  });

  it("reads keys that JavaScript has a meaning for as any other", async () => {
    const text = JSON.stringify(reviewOf(objectOfCase("rule-01-protocol")));
    const body = text.replace('"spec":{', '"spec":{"__proto__":{"a":1},"constructor":{"prototype":1},');
    assert.equal((await post(ADMISSION_PATHS.SeldonDeployment, body)).status, 200);
  });

  it("answers what is no review with a Status that says so", async () => {
    faults.length = 0;
    const path = ADMISSION_PATHS.SeldonDeployment;
    for (const body of [
      "",
      "{",
      "[]",
      "null",
      '{"kind":"AdmissionReview"}',
      '{"kind":"AdmissionReview","request":{"uid":1}}',
    ]) {
      const { status, body: answer } = await post(path, body);
      assert.equal(status, 400, body);
      assert.deepEqual((answer as { kind: string; reason: string }).reason, "BadRequest");
    }
    assert.equal((await post(path, "a=b", { type: "application/x-www-form-urlencoded" })).status, 415);
    await post(path, JSON.stringify("x".repeat(5_000_000))).catch(() => "the server hung up");
    assert.equal(faults.at(-1)?.status, 413);
    assert.equal((await post("/other", "{}")).status, 404);
    assert.ok(faults.length >= 8);
  });

  it("takes objects as large as Kubernetes does", async () => {
    const object = {
      ...objectOfCase("rule-01-protocol"),
      metadata: { name: "a", annotations: { x: "y".repeat(200_000) } },
    };
    assert.equal((await review(object)).response.allowed, false);
    const text = JSON.stringify(reviewOf(object, { oldObject: { x: "y".repeat(3 * 1024 * 1024) } }));
    assert.equal((await post(ADMISSION_PATHS.SeldonDeployment, text)).status, 200);
  });

  it("serves a new certificate to new connections, and open ones go on", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const text = JSON.stringify(reviewOf(objectOfCase("rule-01-protocol")));
    assert.equal((await post(ADMISSION_PATHS.SeldonDeployment, text, { agent })).status, 200);
    const second = await newCertificate();
    server.setCertificate(second);
    assert.equal(await issuerSeen(second.authority), true);
    assert.equal((await post(ADMISSION_PATHS.SeldonDeployment, text, { agent })).status, 200);
    await assert.rejects(post(ADMISSION_PATHS.SeldonDeployment, text), /certificate/);
    assert.throws(() => {
      server.setCertificate({ certificate: second.certificate, key: first.key });
    });
    assert.equal(await issuerSeen(second.authority), true);
    agent.destroy();
    server.setCertificate(first);
  });

  it("ends after the reviews that have come in", async () => {
    const other = await startAdmissionServer({
      host: "127.0.0.1",
      port: 0,
      certificate: first,
      settings: () => DEFAULT_MODEL_SETTINGS,
    });
    const body = JSON.stringify(reviewOf(objectOfCase("rule-01-protocol")));
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const path = ADMISSION_PATHS.SeldonDeployment;
    const sent = request({ host: "127.0.0.1", port: other.port, path, method: "POST", ca: first.authority, headers });
    sent.write(body.slice(0, 100));
    await once(sent, "socket");
    await new Promise<void>((resolve) => {
      sent.once("drain", resolve);
      sent.write(body.slice(100, 110), () => {
        resolve();
      });
    });
    const closed = other.close();
    sent.end(body.slice(110));
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.resume();
    assert.equal(response.statusCode, 200);
    await closed;
  });

  async function issuerSeen(authority: string): Promise<boolean> {
    const socket = connect({ host: "127.0.0.1", port: server.port, ca: authority, servername: "localhost" });
    try {
      await once(socket, "secureConnect");
      const peer: DetailedPeerCertificate = socket.getPeerCertificate(true);
      return socket.authorized && peer.subjectaltname?.includes("DNS:localhost") === true;
    } finally {
      socket.destroy();
    }
  }
});
