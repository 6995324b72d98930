import type { EnvVar, StringMap, VolumeMount } from "../../../model/kubernetes.ts";
import type { Volume } from "./volume.ts";

/** What is known of a Secret: never its values. */
export interface SecretFacts {
  readonly name: string;
  readonly annotations?: StringMap;
  /** Names of its entries. */
  readonly keys: readonly string[];
}

/** The Secrets that a service account of the deployment's namespace lists, in its order; those that exist. */
export type CredentialSource = (serviceAccount: string) => readonly SecretFacts[];

/** Key `credentials` of the ConfigMap `seldon-config`: which entries make a Secret one for S3 or for GCS. */
export interface CredentialKeys {
  readonly s3AccessKeyId: string;
  readonly s3SecretAccessKey: string;
  /** Endpoint where a Secret names none; empty: none. */
  readonly s3Endpoint: string;
  /** `0` for plain HTTP to that endpoint. */
  readonly s3UseHttps: string;
  readonly gcsFile: string;
}

/** What holds unless the operator says otherwise (Seldon 1.17.1). */
export const DEFAULT_CREDENTIAL_KEYS: CredentialKeys = {
  s3AccessKeyId: "awsAccessKeyID",
  s3SecretAccessKey: "awsSecretAccessKey",
  s3Endpoint: "",
  s3UseHttps: "",
  gcsFile: "gcloud-application-credentials.json",
};

/** What a download gets from the Secrets of its service account. */
export interface DownloadCredentials {
  readonly env: readonly EnvVar[];
  readonly volumes: readonly Volume[];
  readonly volumeMounts: readonly VolumeMount[];
}

/** Seldon's own prefix of annotations on Secrets, then that of KFServing. */
const ANNOTATION_PREFIXES: readonly string[] = ["machinelearning.seldon.io/", "serving.kubeflow.org/"];
const GCS_VOLUME = "user-gcp-sa";
const GCS_FOLDER = "/var/secrets/";

function annotationOf({ annotations = {} }: SecretFacts, name: string): string | undefined {
  const key = ANNOTATION_PREFIXES.map((prefix) => `${prefix}${name}`).find((one) => Object.hasOwn(annotations, one));
  return key === undefined ? undefined : annotations[key];
}

function fromSecret(name: string, secret: SecretFacts, key: string): EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secret.name, key } } };
}

function variable(name: string, value: string | undefined): readonly EnvVar[] {
  return value === undefined ? [] : [{ name, value }];
}

/** Where S3 is: as the Secret says, else as the operator does. HTTPS unless `0` is written. */
function s3Endpoint(secret: SecretFacts, keys: CredentialKeys): readonly EnvVar[] {
  const own = annotationOf(secret, "s3-endpoint");
  const useHttps = own === undefined ? keys.s3UseHttps : annotationOf(secret, "s3-usehttps");
  const endpoint = own ?? keys.s3Endpoint;
  if (endpoint === "") return [];
  const said = own === undefined && useHttps !== "0" ? undefined : useHttps;
  return [
    ...variable("S3_USE_HTTPS", said),
    { name: "S3_ENDPOINT", value: endpoint },
    { name: "AWS_ENDPOINT_URL", value: `${useHttps === "0" ? "http" : "https"}://${endpoint}` },
  ];
}

function s3Variables(secret: SecretFacts, keys: CredentialKeys): readonly EnvVar[] {
  return [
    fromSecret("AWS_ACCESS_KEY_ID", secret, keys.s3AccessKeyId),
    fromSecret("AWS_SECRET_ACCESS_KEY", secret, keys.s3SecretAccessKey),
    ...s3Endpoint(secret, keys),
    ...variable("AWS_REGION", annotationOf(secret, "s3-region")),
    ...variable("S3_VERIFY_SSL", annotationOf(secret, "s3-verifyssl")),
  ];
}

/**
 * Credentials as KFServing had them: a Secret of the service account with an S3 key becomes variables, one with a
 * Google key file becomes a file; others are left alone. Of two of a kind the first counts.
 */
export function readDownloadCredentials(secrets: readonly SecretFacts[], keys: CredentialKeys): DownloadCredentials {
  const s3 = secrets.find((secret) => secret.keys.includes(keys.s3SecretAccessKey));
  const gcs = secrets.find((secret) => secret !== s3 && secret.keys.includes(keys.gcsFile));
  return {
    env: [
      ...(s3 === undefined ? [] : s3Variables(s3, keys)),
      ...(gcs === undefined ? [] : [{ name: "GOOGLE_APPLICATION_CREDENTIALS", value: `${GCS_FOLDER}${keys.gcsFile}` }]),
    ],
    volumes: gcs === undefined ? [] : [{ name: GCS_VOLUME, secret: { secretName: gcs.name } }],
    volumeMounts: gcs === undefined ? [] : [{ name: GCS_VOLUME, mountPath: GCS_FOLDER, readOnly: true }],
  };
}
