import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { before, describe, it } from "node:test";
import { decideCertificate, type CertificateRules, type StoredCertificate } from "./certificate-step.ts";
import { issueCertificate, type IssuedCertificate } from "./issue.ts";
import { readBundle } from "./pair.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 0, 1);
const NAME = "webhook.graphway.svc";

function rules(afterMs: number): CertificateRules {
  return { dnsNames: [NAME], nowMs: START_MS + afterMs, overlapMs: DAY_MS };
}

function stored({ certificate, key, authority }: IssuedCertificate, others = ""): StoredCertificate {
  return { certificate, key, authorities: authority + others };
}

describe("a certificate of our own", () => {
  let old: IssuedCertificate;
  let current: IssuedCertificate;
  before(async () => {
    old = await issueCertificate({ dnsNames: [NAME], nowMs: START_MS - 60 * DAY_MS, lifetimeMs: 90 * DAY_MS });
    current = await issueCertificate({ dnsNames: [NAME], nowMs: START_MS, lifetimeMs: 90 * DAY_MS });
  });

  it("is signed by its authority, for its names, for servers only", () => {
    const certificate = new X509Certificate(current.certificate);
    const authority = new X509Certificate(current.authority);
    assert.ok(certificate.checkIssued(authority) && certificate.verify(authority.publicKey));
    assert.deepEqual([authority.ca, certificate.ca, certificate.checkHost(NAME)], [true, false, NAME]);
    assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
    assert.equal(certificate.validToDate.getTime(), START_MS + 90 * DAY_MS);
  });

  it("is made when there is none", () => {
    assert.deepEqual(decideCertificate(undefined, rules(0)), {
      kind: "issue",
      authorities: "",
      because: "there is none yet",
    });
  });

  it("is served for two thirds of its life, then replaced while its authority stays", () => {
    assert.equal(decideCertificate(stored(current), rules(59 * DAY_MS)).kind, "serve");
    const step = decideCertificate(stored(current), rules(60 * DAY_MS));
    assert.deepEqual(step, { kind: "issue", authorities: current.authority, because: "it expires soon" });
  });

  it("keeps the authority before it for the overlap, and drops it then", () => {
    const both = stored(current, old.authority);
    assert.equal(decideCertificate(both, rules(23 * HOUR_MS)).kind, "serve");
    const step = decideCertificate(both, rules(DAY_MS));
    assert.deepEqual(step, { kind: "trim", stored: stored(current) });
  });

  it("drops an authority that has expired at once", () => {
    const later = { ...rules(31 * DAY_MS), overlapMs: 60 * DAY_MS };
    assert.equal(decideCertificate(stored(current, old.authority), later).kind, "trim");
  });

  const faults: readonly [string, (good: StoredCertificate) => StoredCertificate, RegExp][] = [
    ["an empty Secret", () => ({ certificate: "", key: "", authorities: "" }), /cannot be read/],
    ["half a certificate", (good) => ({ ...good, certificate: good.certificate.slice(0, 200) }), /cannot be read/],
    ["noise", (good) => ({ ...good, key: "noise" }), /cannot be read/],
    ["another's key", (good) => ({ ...good, key: old.key }), /cannot be read/],
    ["another's authority", (good) => ({ ...good, authorities: old.authority }), /authority is not there/],
    ["no authority", (good) => ({ ...good, authorities: "" }), /authority is not there/],
  ];
  for (const [what, spoil, because] of faults) {
    it(`is made anew for ${what}`, () => {
      const step = decideCertificate(spoil(stored(current)), rules(HOUR_MS));
      assert.equal(step.kind, "issue");
      assert.match(step.because, because);
    });
  }

  it("is made anew when it is expired, not valid yet, or for another Service", () => {
    const because = (step: ReturnType<typeof decideCertificate>): string => (step.kind === "issue" ? step.because : "");
    assert.equal(because(decideCertificate(stored(current), rules(90 * DAY_MS))), "its authority is not there");
    assert.equal(because(decideCertificate(stored(current), rules(-DAY_MS))), "it is not valid yet");
    const moved = { ...rules(0), dnsNames: [NAME, "webhook.other.svc"] };
    assert.equal(because(decideCertificate(stored(current), moved)), "it is not for webhook.other.svc");
  });

  it("trusts few authorities, however often it is replaced", () => {
    const many = stored(current, old.authority.repeat(50));
    const step = decideCertificate({ ...many, key: "noise" }, rules(0));
    assert.ok(step.kind === "issue" && readBundle(step.authorities).length === 3);
  });
});
