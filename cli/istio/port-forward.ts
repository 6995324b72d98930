import { Agent, ProxyAgent, WebSocket } from "undici";
import type { ClusterAccess } from "../../control-plane/src/kubernetes-api/cluster-access.ts";

/** Subprotocol of Kubernetes: every message begins with its channel; 0 is data, 1 is trouble. */
const PROTOCOL = "v4.channel.k8s.io";
const PORT_BYTES = 2;
/** Largest answer that is read; a gateway's dump of a big mesh has tens of megabytes. */
const LARGEST_ANSWER_BYTES = 256 * 1024 * 1024;

/** A page of a pod that is served on its loopback or on any of its addresses. */
export interface PodPage {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
  readonly path: string;
}

/**
 * Fetches a page through `pods/portforward` of the API server, as `kubectl port-forward` does: programs in the pod take it for a
 * call from their own machine. Rejects with what went wrong, at the latest after `timeoutMs`.
 */
export async function fetchFromPod(access: ClusterAccess, page: PodPage, timeoutMs: number): Promise<string> {
  const { headers, tls } = await access.credentials();
  const { ca, cert, key, servername, rejectUnauthorized } = tls;
  const connect = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
  const dispatcher =
    access.proxyUrl === undefined
      ? new Agent({ connect })
      : new ProxyAgent({ uri: access.proxyUrl, requestTls: connect });
  const base = access.server.replace(/^http/, "ws").replace(/\/+$/, "");
  const pod = `${encodeURIComponent(page.namespace)}/pods/${encodeURIComponent(page.pod)}`;
  const url = `${base}/api/v1/namespaces/${pod}/portforward?ports=${String(page.port)}`;
  const socket = new WebSocket(url, { protocols: [PROTOCOL], headers, dispatcher });
  socket.binaryType = "arraybuffer";
  try {
    return bodyOf(await readAll(socket, page, timeoutMs));
  } finally {
    socket.close();
    await dispatcher.destroy();
  }
}

/** HTTP/1.0, so that the answer ends with the connection and has no chunks. */
function requestText({ path }: PodPage): Buffer {
  const text = `GET ${path} HTTP/1.0\r\nhost: localhost\r\naccept: application/json\r\n\r\n`;
  return Buffer.concat([Buffer.from([0]), Buffer.from(text)]);
}

function readAll(socket: WebSocket, page: PodPage, timeoutMs: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const parts: Buffer[] = [];
  const seen = new Set<number>();
  let bytes = 0;
  const timer = setTimeout(() => {
    reject(new Error(`no answer from ${page.pod} port ${String(page.port)} in ${String(timeoutMs)} ms`));
  }, timeoutMs);
  socket.addEventListener("open", () => {
    socket.send(requestText(page));
  });
  socket.addEventListener("message", ({ data }) => {
    const message = Buffer.from(data as ArrayBuffer);
    const channel = message[0] ?? 0;
    // The first message of a channel begins with the port.
    const content = message.subarray(1 + (seen.has(channel) ? 0 : PORT_BYTES));
    seen.add(channel);
    if (content.length === 0) return;
    if (channel === 1) reject(new Error(content.toString("utf8").trim()));
    else {
      bytes += content.length;
      if (bytes > LARGEST_ANSWER_BYTES) reject(new Error(`${page.pod} answers with too much`));
      else parts.push(content);
      if (isWhole(parts, bytes)) resolve(Buffer.concat(parts));
    }
  });
  socket.addEventListener("error", (event) => {
    const { error } = event as { readonly error?: unknown };
    reject(error instanceof Error ? error : new Error("the API server forwards no port"));
  });
  socket.addEventListener("close", () => {
    if (bytes > 0) resolve(Buffer.concat(parts));
    else reject(new Error(`${page.pod} closed port ${String(page.port)} without an answer`));
  });
  return promise.finally(() => {
    clearTimeout(timer);
  });
}

/** Whether the length that the answer names has arrived; API servers may leave the connection open. */
function isWhole(parts: readonly Buffer[], bytes: number): boolean {
  const [first = Buffer.alloc(0)] = parts;
  const end = first.indexOf("\r\n\r\n");
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(end < 0 ? "" : first.toString("latin1", 0, end)) ?? [];
  return length !== undefined && bytes >= end + 4 + Number(length);
}

function bodyOf(answer: Buffer): string {
  const end = answer.indexOf("\r\n\r\n");
  const head = answer.toString("latin1", 0, Math.max(end, 0));
  const [, status = "?"] = /^HTTP\/1\.[01] (\d{3})/.exec(head) ?? [];
  const body = answer.toString("utf8", end + 4);
  if (status !== "200") throw new Error(`status ${status}: ${body.trim().slice(0, 200)}`);
  return body;
}
