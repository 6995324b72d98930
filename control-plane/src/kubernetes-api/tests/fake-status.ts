/** A refusal of the fake API server, thrown by its store and sent as a Status object. */
export class Refusal extends Error {
  readonly status: number;
  readonly reason: string;
  readonly causes: readonly { readonly reason: string; readonly field?: string; readonly message?: string }[];
  readonly retryAfterSeconds: number | undefined;

  constructor(
    status: number,
    reason: string,
    message: string,
    causes: Refusal["causes"] = [],
    retryAfterSeconds?: number,
  ) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.causes = causes;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export function statusObject(refusal: Refusal): object {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: refusal.message,
    reason: refusal.reason,
    details: {
      ...(refusal.causes.length === 0 ? {} : { causes: refusal.causes }),
      ...(refusal.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: refusal.retryAfterSeconds }),
    },
    code: refusal.status,
  };
}
