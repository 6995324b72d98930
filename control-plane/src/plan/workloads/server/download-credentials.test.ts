import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CREDENTIAL_KEYS, readDownloadCredentials, type SecretFacts } from "./download-credentials.ts";

const S3: SecretFacts = { name: "s3", keys: ["awsAccessKeyID", "awsSecretAccessKey"] };
const GCS: SecretFacts = { name: "gcs", keys: ["gcloud-application-credentials.json"] };

function read(secrets: readonly SecretFacts[], keys = {}) {
  return readDownloadCredentials(secrets, { ...DEFAULT_CREDENTIAL_KEYS, ...keys });
}

/** The variables that have a value. */
function valuesOf(secret: SecretFacts, keys = {}): Readonly<Record<string, string>> {
  const { env } = read([secret], keys);
  return Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}

test("a Secret with an S3 key becomes variables that refer to it", () => {
  assert.deepEqual(read([{ name: "other", keys: ["token"] }, S3]), {
    env: [
      { name: "AWS_ACCESS_KEY_ID", valueFrom: { secretKeyRef: { name: "s3", key: "awsAccessKeyID" } } },
      { name: "AWS_SECRET_ACCESS_KEY", valueFrom: { secretKeyRef: { name: "s3", key: "awsSecretAccessKey" } } },
    ],
    volumes: [],
    volumeMounts: [],
  });
});

test("a Secret with a Google key file becomes a file", () => {
  assert.deepEqual(read([GCS]), {
    env: [{ name: "GOOGLE_APPLICATION_CREDENTIALS", value: "/var/secrets/gcloud-application-credentials.json" }],
    volumes: [{ name: "user-gcp-sa", secret: { secretName: "gcs" } }],
    volumeMounts: [{ name: "user-gcp-sa", mountPath: "/var/secrets/", readOnly: true }],
  });
});

test("annotations of the Secret say where S3 is, Seldon's before KFServing's", () => {
  const annotations = {
    "serving.kubeflow.org/s3-endpoint": "old:9000",
    "machinelearning.seldon.io/s3-endpoint": "minio:9000",
    "serving.kubeflow.org/s3-usehttps": "0",
    "serving.kubeflow.org/s3-region": "eu",
    "machinelearning.seldon.io/s3-verifyssl": "0",
  };
  assert.deepEqual(valuesOf({ ...S3, annotations }), {
    S3_USE_HTTPS: "0",
    S3_ENDPOINT: "minio:9000",
    AWS_ENDPOINT_URL: "http://minio:9000",
    AWS_REGION: "eu",
    S3_VERIFY_SSL: "0",
  });
});

test("the operator's endpoint stands in for a Secret that names none", () => {
  assert.deepEqual(valuesOf(S3, { s3Endpoint: "s3.example", s3UseHttps: "1" }), {
    S3_ENDPOINT: "s3.example",
    AWS_ENDPOINT_URL: "https://s3.example",
  });
  assert.deepEqual(valuesOf(S3, { s3Endpoint: "s3.example", s3UseHttps: "0" }), {
    S3_USE_HTTPS: "0",
    S3_ENDPOINT: "s3.example",
    AWS_ENDPOINT_URL: "http://s3.example",
  });
});

test("the operator says by which entries a Secret is told", () => {
  const keys = { s3AccessKeyId: "id", s3SecretAccessKey: "secret", gcsFile: "key.json" };
  const { env, volumes } = read(
    [S3, { name: "mine", keys: ["id", "secret"] }, { name: "g", keys: ["key.json"] }],
    keys,
  );
  assert.deepEqual(env[0], { name: "AWS_ACCESS_KEY_ID", valueFrom: { secretKeyRef: { name: "mine", key: "id" } } });
  assert.deepEqual(env.at(-1), { name: "GOOGLE_APPLICATION_CREDENTIALS", value: "/var/secrets/key.json" });
  assert.deepEqual(volumes, [{ name: "user-gcp-sa", secret: { secretName: "g" } }]);
});

test("two Secrets of a kind give each variable and volume once", () => {
  const { env, volumes } = read([S3, { ...S3, name: "s3-2" }, GCS, { ...GCS, name: "gcs-2" }]);
  assert.equal(new Set(env.map(({ name }) => name)).size, env.length);
  assert.equal(volumes.length, 1);
});
