import { ApiError, ApiUnreachable, type ApiErrorCause } from "./api-client.ts";
import type { Answer } from "./transport.ts";

/** The part of a Kubernetes `Status` object that says what went wrong. */
interface Status {
  readonly kind?: unknown;
  readonly code?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly details?: { readonly retryAfterSeconds?: unknown; readonly causes?: unknown };
}

const LONGEST_MESSAGE = 2000;

/** The object in an answer. @throws ApiError for what the server refused, ApiUnreachable for what is no JSON */
export function readObject(answer: Answer): unknown {
  if (answer.status < 200 || answer.status > 299) throw readError(answer);
  try {
    return JSON.parse(answer.text);
  } catch (error) {
    throw new ApiUnreachable("the answer is cut off or not JSON", { cause: error });
  }
}

/** Makes an error of an answer other than 2xx, whether it has a Status as its body or not. */
export function readError(answer: Answer): ApiError {
  const body = parseStatus(answer.text);
  if (body !== undefined) return statusError(body, answer.status, answer.retryAfter);
  const message = answer.text.trim().slice(0, LONGEST_MESSAGE) || `status ${answer.status}`;
  return new ApiError(answer.status, reasonOf(answer.status), message, readRetryAfter(answer.retryAfter));
}

/** Makes an error of a Status object, such as the one in an ERROR event of a watch. */
export function statusError(status: Status, httpStatus: number, retryAfter?: string): ApiError {
  const code = typeof status.code === "number" ? status.code : httpStatus;
  const reason = typeof status.reason === "string" && status.reason !== "" ? status.reason : reasonOf(code);
  const message = typeof status.message === "string" ? status.message.slice(0, LONGEST_MESSAGE) : `status ${code}`;
  const seconds = status.details?.retryAfterSeconds;
  const waitMs =
    readRetryAfter(retryAfter) ?? (typeof seconds === "number" && seconds > 0 ? seconds * 1000 : undefined);
  return new ApiError(code, reason, message, waitMs, readCauses(status.details?.causes));
}

function parseStatus(text: string): Status | undefined {
  try {
    const body = JSON.parse(text) as Status | null;
    return typeof body === "object" && body !== null && body.kind === "Status" ? body : undefined;
  } catch {
    return undefined;
  }
}

function readCauses(causes: unknown): readonly ApiErrorCause[] {
  if (!Array.isArray(causes)) return [];
  return (causes as readonly (Partial<Record<string, unknown>> | null)[]).map((cause) => ({
    reason: textOf(cause?.["reason"]),
    field: textOf(cause?.["field"]),
    message: textOf(cause?.["message"]).slice(0, LONGEST_MESSAGE),
  }));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Seconds or a date (RFC 9110 §10.2.3). */
function readRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const waitMs = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return waitMs > 0 ? waitMs : undefined;
}

const REASONS: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  409: "Conflict",
  410: "Expired",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

function reasonOf(status: number): string {
  return REASONS[status] ?? "Unknown";
}
