import type { Server } from "node:https";
import type { AddressInfo } from "node:net";
import { performance } from "node:perf_hooks";
import Fastify, { type FastifyInstance } from "fastify";
import type { ModelSettings } from "../../model/settings.ts";
import { readAdmissionReview, type AdmissionReviewResponse } from "./admission-review.ts";
import type { CertificatePair } from "./certificates/pair.ts";
import { ADMISSION_PATHS, type ReviewedKind } from "./kinds.ts";
import { reviewAdmission } from "./review.ts";

export interface AdmissionServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly certificate: CertificatePair;
  /** Asked for each review, so that a change of `seldon-config` counts at once. */
  readonly settings: () => ModelSettings;
  /** Bytes of one review; it holds the object before and after. Default 8 MiB. */
  readonly largestReviewBytes?: number;
  /** Told of each review that was answered. */
  readonly onReview?: (report: ReviewReport) => void;
  /** Told of each request that was no review, or that broke the reviewer. */
  readonly onFault?: (fault: AdmissionFault) => void;
}

export interface ReviewReport {
  readonly kind: ReviewedKind;
  readonly operation: string;
  readonly allowed: boolean;
  readonly dryRun: boolean;
  readonly durationMs: number;
}

export interface AdmissionFault {
  /** HTTP status of the answer. */
  readonly status: number;
  readonly message: string;
}

export interface AdmissionServer {
  readonly port: number;
  /** Connections from now on get this certificate; those that are open stay. Throws when the two don't fit. */
  setCertificate(pair: CertificatePair): void;
  /** Answers what has come in, then ends. */
  close(): Promise<void>;
}

const LARGEST_REVIEW_BYTES = 8 * 1024 * 1024;
/** A body that takes longer than this does not come from an API server: it waits 30 s at most. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than API servers keep an idle connection (90 s), so that it is never cut under a request. */
const KEEP_ALIVE_MS = 120_000;

/** Serves the validating webhook over TLS. */
export async function startAdmissionServer(options: AdmissionServerOptions): Promise<AdmissionServer> {
  const server = createServer(options);
  for (const [kind, path] of Object.entries(ADMISSION_PATHS) as [ReviewedKind, string][]) {
    server.post(path, (request, reply) => {
      const answer = answerReview(kind, request.body, options);
      return answer ?? reply.code(400).send(failure(400, "BadRequest", "the body is no AdmissionReview"));
    });
  }
  await server.listen({ host: options.host, port: options.port });
  return {
    port: (server.server.address() as AddressInfo).port,
    setCertificate: ({ certificate, key }) => {
      server.server.setSecureContext({ cert: certificate, key, minVersion: "TLSv1.2" });
    },
    close: () => server.close(),
  };
}

type TlsServer = FastifyInstance<Server>;

function createServer({ certificate, largestReviewBytes, onFault }: AdmissionServerOptions): TlsServer {
  const server = Fastify({
    https: { cert: certificate.certificate, key: certificate.key, minVersion: "TLSv1.2" },
    bodyLimit: largestReviewBytes ?? LARGEST_REVIEW_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    return503OnClosing: false,
    forceCloseConnections: "idle",
    onProtoPoisoning: "ignore",
    onConstructorPoisoning: "ignore",
  });
  server.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    onFault?.({ status, message: error.message });
    const reason = status < 500 ? "BadRequest" : "InternalError";
    return reply.code(status).send(failure(status, reason, error.message));
  });
  server.setNotFoundHandler((_request, reply) => reply.code(404).send(failure(404, "NotFound", "nothing is here")));
  return server;
}

function answerReview(
  kind: ReviewedKind,
  body: unknown,
  { settings, onReview, onFault }: AdmissionServerOptions,
): AdmissionReviewResponse | undefined {
  const startedMs = performance.now();
  const request = readAdmissionReview(body);
  if (request === undefined) {
    onFault?.({ status: 400, message: "the body is no AdmissionReview" });
    return undefined;
  }
  const review = reviewAdmission(kind, request, settings());
  const { operation, dryRun } = request;
  onReview?.({ kind, operation, dryRun, allowed: review.response.allowed, durationMs: performance.now() - startedMs });
  return review;
}

/** Kubernetes' `Status`, the form of its errors. */
function failure(code: number, reason: string, message: string): Readonly<Record<string, unknown>> {
  return { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message };
}
