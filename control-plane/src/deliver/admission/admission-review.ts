import { isRecord, ownValue } from "../../model/path.ts";

/** What the API server asks about, as far as it is read here (`admission.k8s.io/v1`). */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  readonly namespace: string;
  /** Empty while the API server has not made one up. */
  readonly name: string;
  /** The object as it is to be; absent for DELETE. */
  readonly object: unknown;
  readonly dryRun: boolean;
}

/** The answer, in the envelope that the API server wants. */
export interface AdmissionReviewResponse {
  readonly apiVersion: "admission.k8s.io/v1";
  readonly kind: "AdmissionReview";
  readonly response: AdmissionResponse;
}

export interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: AdmissionStatus;
  /** Shown by kubectl; at most 4 kB in all reach it. */
  readonly warnings?: readonly string[];
}

/** The part of Kubernetes' `Status` that says why. */
export interface AdmissionStatus {
  readonly status: "Success" | "Failure";
  readonly code: number;
  readonly reason?: "Invalid" | "BadRequest";
  readonly message?: string;
  readonly details?: {
    readonly name?: string;
    readonly group: string;
    readonly kind: string;
    readonly causes: readonly StatusCause[];
  };
}

/** One thing that is wrong with the object. */
export interface StatusCause {
  readonly reason: "FieldValueInvalid" | "FieldValueRequired";
  readonly message: string;
  readonly field: string;
}

const OPERATIONS = ["CREATE", "UPDATE", "DELETE", "CONNECT"] as const;

/** The request of an AdmissionReview; undefined when the body is none. */
export function readAdmissionReview(body: unknown): AdmissionRequest | undefined {
  const request = ownValue(body, "request");
  if (ownValue(body, "kind") !== "AdmissionReview" || !isRecord(request)) return undefined;
  const { uid, object, dryRun } = request;
  const operation = OPERATIONS.find((one) => one === request["operation"]);
  if (typeof uid !== "string" || uid === "" || operation === undefined) return undefined;
  return {
    uid,
    operation,
    namespace: textOr(request["namespace"], ""),
    name: textOr(request["name"], ""),
    object: object ?? undefined,
    dryRun: dryRun === true,
  };
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

/** Puts an answer into its envelope. */
export function envelope(response: AdmissionResponse): AdmissionReviewResponse {
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response };
}
