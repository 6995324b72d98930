import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";

/** Where and how events go to Kafka. */
export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly tls: KafkaTls | undefined;
  readonly sasl: KafkaSasl | undefined;
}

export type KafkaTls = Pick<ConnectionOptions, "ca" | "cert" | "key" | "passphrase">;

export interface KafkaSasl {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: string;
}

const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
type SaslMechanism = (typeof MECHANISMS)[number];
const SECURITY = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"];

type Env = Readonly<Record<string, string | undefined>>;

/** A setting that Kafka can't be reached with. */
export class KafkaSettingsError extends Error {}

/**
 * Reads the broker list, the topic and Seldon's `KAFKA_*` security variables. Throws KafkaSettingsError with what to
 * change.
 */
export async function readKafkaSettings(brokerList: string, topic: string, env: Env): Promise<KafkaSettings> {
  const brokers = brokerList.split(",").map((one) => one.trim());
  for (const broker of brokers) checkBroker(broker);
  if (!/^[\w.-]{1,249}$/.test(topic)) {
    throw new KafkaSettingsError(`the Kafka topic "${topic}" may hold letters, digits, ".", "_" and "-" only`);
  }
  const security = (env["KAFKA_SECURITY_PROTOCOL"] || "PLAINTEXT").toUpperCase();
  if (!SECURITY.includes(security)) {
    throw new KafkaSettingsError(`KAFKA_SECURITY_PROTOCOL "${security}" is not one of ${SECURITY.join(", ")}`);
  }
  return {
    brokers,
    topic,
    tls: security.endsWith("SSL") ? await readTls(env) : undefined,
    sasl: security.startsWith("SASL") ? readSasl(env) : undefined,
  };
}

const BROKER = /^(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i;

function checkBroker(broker: string): void {
  const [whole, port] = BROKER.exec(broker) ?? [];
  const isPort = port === undefined || (Number(port) > 0 && Number(port) <= 65535);
  if (whole !== undefined && isPort) return;
  throw new KafkaSettingsError(`the Kafka broker "${broker}" is not host:port; give one or more, with commas between`);
}

async function readTls(env: Env): Promise<KafkaTls> {
  const [ca, cert, key] = await Promise.all([
    readPem(env, "KAFKA_SSL_CA_CERT"),
    readPem(env, "KAFKA_SSL_CLIENT_CERT"),
    readPem(env, "KAFKA_SSL_CLIENT_KEY"),
  ]);
  if ((cert === undefined) !== (key === undefined)) {
    throw new KafkaSettingsError(
      "a Kafka client certificate needs both KAFKA_SSL_CLIENT_CERT and KAFKA_SSL_CLIENT_KEY",
    );
  }
  const passphrase = env["KAFKA_SSL_CLIENT_KEY_PASS"];
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined || passphrase === "" ? {} : { passphrase }),
  };
}

/** The PEM text in a variable, or in the file that `<name>_FILE` names. */
async function readPem(env: Env, name: string): Promise<string | undefined> {
  const path = env[`${name}_FILE`];
  const text = env[name] || (path ? await readFileNamed(`${name}_FILE`, path) : undefined);
  if (text !== undefined && !text.includes("-----BEGIN ")) throw new KafkaSettingsError(`${name} does not hold PEM`);
  return text;
}

async function readFileNamed(variable: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new KafkaSettingsError(`${variable} names a file that can't be read: ${why}`);
  }
}

function readSasl(env: Env): KafkaSasl {
  const mechanism = (env["KAFKA_SASL_MECHANISM"] || "PLAIN").toUpperCase();
  const known = MECHANISMS.find((one) => one === mechanism);
  if (known === undefined) {
    throw new KafkaSettingsError(`KAFKA_SASL_MECHANISM "${mechanism}" is not one of ${MECHANISMS.join(", ")}`);
  }
  const username = env["KAFKA_SASL_USERNAME"] ?? "";
  const password = env["KAFKA_SASL_PASSWORD"] ?? "";
  if (username === "" || password === "") {
    throw new KafkaSettingsError("SASL to Kafka needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD");
  }
  return { mechanism: known, username, password };
}
