import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { HEADER_NAMESPACE, HEADER_SELDON } from "#proto/vocabulary/headers.ts";
import { isJsonObject, type Json } from "#proto/json/json.ts";
import type { PredictionProtocol } from "./prediction-protocols.ts";

/** One prediction to ask for. */
export interface PredictionCall {
  /** Base URL of the gateway, such as `http://localhost:8003`. */
  readonly url: URL;
  readonly namespace: string;
  readonly name: string;
  readonly protocol: PredictionProtocol;
  /** The message as JSON text: REST sends it as it is. */
  readonly text: string;
  /** The same message parsed, for gRPC. */
  readonly message: Json;
  /** Sent as HTTP headers or gRPC metadata. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly timeoutMs: number;
}

/** An answer, good or bad. */
export interface PredictionAnswer {
  readonly ok: boolean;
  /** Nobody there knows the path or method: a deployment of another protocol, as far as the answer tells. */
  readonly isUnknownPath: boolean;
  /** `HTTP 200`, or a gRPC status such as `UNAVAILABLE: no healthy upstream`. */
  readonly status: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it came; for gRPC the message in its JSON form. Empty when there is none. */
  readonly body: string;
}

/** No answer came: nothing listens, no name, no time. The message says what to do. */
export class NoAnswerError extends Error {}

function explainNoAnswer(url: URL, detail: string): NoAnswerError {
  if (/ECONNREFUSED/.test(detail)) {
    return new NoAnswerError(
      `nothing listens at ${url.origin}; start it with \`npm start\` or \`graphway run -f FILE\`, or name another address with --url`,
    );
  }
  if (/ENOTFOUND|EAI_AGAIN|Name resolution failed/.test(detail)) {
    return new NoAnswerError(`there is no host ${url.hostname}; check --url`);
  }
  return new NoAnswerError(`no answer from ${url.origin}: ${detail}`);
}

function describeCause(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof AggregateError) return cause.errors.map(describeCause).join("; ");
  return cause instanceof Error ? cause.message : String(cause);
}

/** Asks over REST. Rejects with NoAnswerError when no answer comes. */
export async function predictByRest(call: PredictionCall): Promise<PredictionAnswer> {
  const place = `${encodeURIComponent(call.namespace)}/${encodeURIComponent(call.name)}`;
  const headers = new Headers([["content-type", "application/json"]]);
  for (const [name, value] of call.headers) headers.set(name, value);
  try {
    const response = await fetch(new URL(`/seldon/${place}/${call.protocol.restPath}`, call.url), {
      method: "POST",
      headers,
      body: call.text,
      signal: AbortSignal.timeout(call.timeoutMs),
    });
    const body = await response.text();
    return {
      ok: response.ok,
      isUnknownPath: response.status === 404 && !saysWhatIsMissing(body),
      status: `HTTP ${response.status}`,
      headers: Object.fromEntries(response.headers),
      body,
    };
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    throw explainNoAnswer(call.url, late ? `not within ${call.timeoutMs / 1000} s` : describeCause(error));
  }
}

/** A gateway without the deployment, or a graph without the model, says so in a `status`; a server without the path does not. */
function saysWhatIsMissing(body: string): boolean {
  try {
    const json = JSON.parse(body) as Json;
    return isJsonObject(json) && isJsonObject(json["status"]);
  } catch {
    return false;
  }
}

function makeMetadata(call: PredictionCall): Metadata {
  const metadata = new Metadata();
  metadata.set(HEADER_SELDON, call.name);
  metadata.set(HEADER_NAMESPACE, call.namespace);
  for (const [name, value] of call.headers) metadata.set(name, value);
  return metadata;
}

function readMetadata(metadata: Metadata | undefined): Record<string, string> {
  const entries = Object.keys(metadata?.getMap() ?? {}).map((key) => {
    return [key, (metadata?.get(key) ?? []).map((value) => value.toString()).join(", ")] as const;
  });
  return Object.fromEntries(entries);
}

/** Asks over gRPC. Rejects with NoAnswerError, or with TypeError for a message that is none of its protocol. */
export async function predictByGrpc(call: PredictionCall): Promise<PredictionAnswer> {
  const { encode, decode } = await call.protocol.grpcForm();
  const request = Buffer.from(encode(call.message));
  const secure = call.url.protocol === "https:";
  const port = call.url.port === "" ? (secure ? "443" : "80") : call.url.port;
  const client = new Client(
    `${call.url.hostname}:${port}`,
    secure ? credentials.createSsl() : credentials.createInsecure(),
  );
  try {
    return await new Promise((resolve, reject) => {
      let headers: Record<string, string> = {};
      const finish = (error: ServiceError | null, message: Json | undefined): void => {
        if (error === null) {
          const body = message === undefined ? "" : JSON.stringify(message);
          resolve({ ok: true, isUnknownPath: false, status: "OK", headers, body });
          return;
        }
        const all = { ...headers, ...readMetadata(error.metadata) };
        // With metadata somebody answered, who may tell of a node that nothing listens at.
        const isAnswered = Object.keys(all).length > 0;
        if (!isAnswered && /ECONNREFUSED|Name resolution failed/.test(error.details)) {
          reject(explainNoAnswer(call.url, error.details));
        } else {
          const isUnknownPath = error.code === status.UNIMPLEMENTED;
          const said = `${status[error.code]}: ${error.details}`;
          resolve({ ok: false, isUnknownPath, status: said, headers: all, body: "" });
        }
      };
      const stream = client.makeUnaryRequest(
        call.protocol.grpcMethod,
        (bytes: Buffer) => bytes,
        decode,
        request,
        makeMetadata(call),
        { deadline: Date.now() + call.timeoutMs },
        finish,
      );
      stream.on("metadata", (metadata) => {
        headers = readMetadata(metadata);
      });
    });
  } finally {
    client.close();
  }
}
