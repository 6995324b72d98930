import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { KafkaSettingsError, readKafkaSettings } from "./kafka-settings.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
const SASL = { KAFKA_SASL_USERNAME: "u", KAFKA_SASL_PASSWORD: "p" };

async function refused(brokers: string, topic: string, env: Readonly<Record<string, string>>): Promise<string> {
  try {
    await readKafkaSettings(brokers, topic, env);
  } catch (error) {
    assert.ok(error instanceof KafkaSettingsError);
    return error.message;
  }
  return "";
}

describe("readKafkaSettings", () => {
  it("reads brokers and a topic; without security nothing more", async () => {
    const settings = await readKafkaSettings("a:9092, b.c:9093,[::1]:9094,d", "seldon", {});
    assert.deepEqual(settings, {
      brokers: ["a:9092", "b.c:9093", "[::1]:9094", "d"],
      topic: "seldon",
      tls: undefined,
      sasl: undefined,
    });
    const unused = { KAFKA_SSL_CA_CERT: "no PEM", KAFKA_SECURITY_PROTOCOL: "plaintext" };
    assert.equal((await readKafkaSettings("a", "t", unused)).tls, undefined);
  });

  it("reads the security protocol in any case, certificates from variables or files", async () => {
    const folder = await mkdtemp(join(tmpdir(), "graphway-kafka-settings-"));
    try {
      const file = join(folder, "key.pem");
      await writeFile(file, PEM);
      const tls = {
        KAFKA_SECURITY_PROTOCOL: "sasl_ssl",
        KAFKA_SSL_CA_CERT: PEM,
        KAFKA_SSL_CLIENT_CERT: PEM,
        KAFKA_SSL_CLIENT_KEY_FILE: file,
        KAFKA_SSL_CLIENT_KEY_PASS: "x",
        KAFKA_SASL_MECHANISM: "scram-sha-512",
      };
      const settings = await readKafkaSettings("a", "t", { ...tls, ...SASL });
      assert.deepEqual(settings.tls, { ca: PEM, cert: PEM, key: PEM, passphrase: "x" });
      assert.deepEqual(settings.sasl, { mechanism: "SCRAM-SHA-512", username: "u", password: "p" });
      assert.deepEqual((await readKafkaSettings("a", "t", { KAFKA_SECURITY_PROTOCOL: "SSL" })).tls, {});
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("says which setting is wrong and what it may be", async () => {
    const ssl = { KAFKA_SECURITY_PROTOCOL: "SSL" };
    const sasl = { KAFKA_SECURITY_PROTOCOL: "SASL_PLAINTEXT" };
    const wrong: readonly (readonly [string, string, Readonly<Record<string, string>>, RegExp])[] = [
      ["a:", "t", {}, /broker "a:" is not host:port/],
      ["a:99999", "t", {}, /"a:99999" is not host:port/],
      ["a,,b", "t", {}, /broker "" is not host:port/],
      ["http://a:1", "t", {}, /is not host:port/],
      ["a", "no topic", {}, /topic "no topic" may hold/],
      ["a", "t", { KAFKA_SECURITY_PROTOCOL: "TLS" }, /KAFKA_SECURITY_PROTOCOL "TLS" is not one of PLAINTEXT, SSL/],
      ["a", "t", { ...ssl, KAFKA_SSL_CA_CERT: "x" }, /KAFKA_SSL_CA_CERT does not hold PEM/],
      ["a", "t", { ...ssl, KAFKA_SSL_CA_CERT_FILE: "/none" }, /KAFKA_SSL_CA_CERT_FILE names a file that can't be read/],
      ["a", "t", { ...ssl, KAFKA_SSL_CLIENT_CERT: PEM }, /needs both/],
      ["a", "t", sasl, /needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD/],
      ["a", "t", { ...sasl, ...SASL, KAFKA_SASL_MECHANISM: "GSSAPI" }, /"GSSAPI" is not one of PLAIN, SCRAM-SHA-256/],
    ];
    for (const [brokers, topic, env, message] of wrong) assert.match(await refused(brokers, topic, env), message);
  });
});
