import { startBed, type Replies, type TestBed, type TestNode } from "./orchestrator.ts";

/** The protocol by its older name. */
export const V2_FLAGS = ["--protocol", "kfserving"];
const JSON_TYPE = { "content-type": "application/json" };

/** Models, each the only child of the one before. */
export function chainOf(...names: readonly string[]): TestNode {
  return names.reduceRight<TestNode | undefined>(
    (child, name) => ({ name, type: "MODEL", children: child === undefined ? [] : [child] }),
    undefined,
  ) as TestNode;
}

export async function post(
  bed: TestBed,
  path: string,
  body: string | Buffer,
  headers: Record<string, string> = JSON_TYPE,
) {
  const response = await fetch(bed.url + path, { method: "POST", body: new Uint8Array(Buffer.from(body)), headers });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}

export async function withBed(graph: TestNode, replies: Replies, test: (bed: TestBed) => Promise<void>): Promise<void> {
  const bed = await startBed(graph, replies, { flags: V2_FLAGS });
  try {
    await test(bed);
  } finally {
    await bed.stop();
  }
}

/** What the nodes were asked for, in order. */
export function asked(bed: TestBed): string[] {
  return bed.calls.map((one) => `${one.node}:${one.operation}`);
}

/** A reply of JSON with binary tensors behind it, given in hexadecimal. */
export function binaryReply(json: string, tail: string) {
  return {
    base64: Buffer.concat([Buffer.from(json), Buffer.from(tail, "hex")]).toString("base64"),
    contentType: "application/octet-stream",
    headers: { "inference-header-content-length": String(json.length) },
  };
}
