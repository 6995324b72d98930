import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { issueCertificate } from "../../../deliver/admission/certificates/issue.ts";
import { ApiError } from "../../../kubernetes-api/api-client.ts";
import type { KubernetesObject } from "../../../kubernetes-api/object.ts";
import { settle, SteppedClock } from "../../../kubernetes-api/tests/stepped-clock.ts";
import { watchCertificates } from "./certificates.ts";

const issue = () => issueCertificate({ dnsNames: ["models.example"], nowMs: Date.now(), lifetimeMs: 3_600_000 });

function secret(chain: string, key: string): KubernetesObject {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const data = { "tls.crt": base64(chain), "tls.key": base64(key) };
  return { apiVersion: "v1", kind: "Secret", metadata: { namespace: "ns", name: "tls" }, data };
}

/** Certificates of `ns/tls`, which holds what the test says, and what was told of it. */
function watching(first: KubernetesObject | undefined | Error) {
  const clock = new SteppedClock();
  const told: (string | undefined)[] = [];
  let now = first;
  const certificates = watchCertificates({
    client: {
      get: () => (now instanceof Error ? Promise.reject(now) : Promise.resolve(now)),
    },
    clock,
    onChange: (_, certificate) => void told.push(certificate?.chain),
    onError: () => undefined,
  });
  certificates.want(new Set(["ns/tls"]));
  return {
    ...{ certificates, clock, told },
    hold: async (next: typeof first) => {
      now = next;
      await clock.advance(20_000);
    },
    fault: () => certificates.faultOf("ns/tls") ?? "",
  };
}

describe("the certificate of a Secret", () => {
  it("stays while the Secret holds something else, and its renewal is taken", async () => {
    const [one, other] = await Promise.all([issue(), issue()]);
    const here = watching(secret(one.certificate, one.key));
    await here.certificates.looked();
    assert.deepEqual([here.told, here.fault()], [[one.certificate], ""]);
    for (const [bad, why] of [
      [secret(other.certificate, one.key), /another key/],
      [secret("", ""), /no certificate in PEM/],
      [secret(one.certificate, "none"), /no key in PEM/],
      [new ApiError(403, "Forbidden", "secrets may not be read"), /can't be read: secrets may not be read/],
      [new ApiError(500, "InternalError", "sorry"), /can't be read: sorry/],
    ] as const) {
      await here.hold(bad);
      assert.match(here.fault(), why);
      assert.ok(here.certificates.has("ns/tls"));
    }
    await here.hold(secret(other.certificate, other.key));
    assert.deepEqual([here.told, here.fault()], [[one.certificate, other.certificate], ""]);
    await here.certificates.stop();
  });

  it("goes with the Secret, and when nobody wants it any more", async () => {
    const { certificate, key } = await issue();
    const here = watching(secret(certificate, key));
    await here.certificates.looked();
    await here.hold(undefined);
    assert.deepEqual([here.told, here.fault()], [[certificate, undefined], "is not there"]);
    await here.hold(secret(certificate, key));
    here.certificates.want(new Set());
    assert.deepEqual([here.told.slice(2), here.fault()], [[certificate, undefined], ""]);
    await here.certificates.stop();
  });

  it("is looked at once the API server has answered, whatever it said", async () => {
    const here = watching(new ApiError(503, "ServiceUnavailable", "later"));
    let isLooked = false;
    const looked = here.certificates.looked().then(() => (isLooked = true));
    await settle();
    assert.ok(!isLooked);
    await here.hold(new ApiError(403, "Forbidden", "no"));
    await looked;
    await here.certificates.stop();
  });
});
