import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { issueCertificate } from "../../../deliver/admission/certificates/issue.ts";
import { startTestCluster } from "./cluster-for-tests.ts";

test("the xDS port speaks TLS with the certificate that it is given", async () => {
  const folder = await mkdtemp(join(tmpdir(), "graphway-xds-"));
  const here = await startTestCluster();
  try {
    const { certificate, key, authority } = await issueCertificate({
      dnsNames: ["graphway-xds.models.svc"],
      nowMs: Date.now(),
      lifetimeMs: 3_600_000,
    });
    const [certFile, keyFile] = [join(folder, "tls.crt"), join(folder, "tls.key")];
    await Promise.all([writeFile(certFile, certificate), writeFile(keyFile, key)]);
    const { xdsAddress } = await here.start([`--xds-cert-file=${certFile}`, `--xds-key-file=${keyFile}`]);
    const url = `https://${xdsAddress.replace("0.0.0.0", "127.0.0.1")}`;
    const deadlineMs = performance.now() + 30_000;
    // The files are read a moment after the port is open.
    for (;;) {
      const session = connect(url, { ca: authority, servername: "graphway-xds.models.svc" });
      try {
        await once(session, "connect");
        assert.equal(session.alpnProtocol, "h2");
        return;
      } catch (error) {
        if (performance.now() > deadlineMs) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      } finally {
        session.destroy();
      }
    }
  } finally {
    await here.stop();
    await rm(folder, { recursive: true });
  }
});
