import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { anyTable } from "#proto/route-table/any-table-for-tests.ts";
import { readCase, VECTORS } from "#proto/route-table/case.ts";
import { encodeRouteTable } from "#proto/route-table/encode.ts";
import type { RouteTable } from "#proto/route-table/model.ts";
import type { Headers } from "#proto/route-table/request.ts";
import { FilterEnvoy, poll } from "./envoy/envoy.ts";
import { arrived, closeConnections, expectedOf, sendable, startMirror, type Mirror } from "./envoy/specification.ts";
import { table as firstTable } from "./envoy/tables.ts";
import { anyHeaders } from "./random-cases.ts";

const SEED = 20261122;
const FUZZED_TABLES = 150;

interface Request {
  readonly name: string;
  readonly headers: Headers;
  readonly endOfStream: boolean;
}

interface Counts {
  compared: number;
  decided: number;
}

describe("the filter in a real Envoy and the specification", { timeout: 600_000 }, () => {
  let mirror: Mirror;
  let envoy: FilterEnvoy | undefined;
  let port = 0;
  before(async () => {
    mirror = await startMirror();
    envoy = await FilterEnvoy.start(encodeRouteTable(firstTable), { fallback: mirror.port });
    port = await envoy.portOf("mirrored");
  });
  after(async () => {
    closeConnections();
    await envoy?.stop();
    await mirror.stop();
  });

  /** Sends what can be sent of these; counts them, and those that were decided. The first answers may still be by the table before. */
  async function compare(table: RouteTable, requests: readonly Request[], counts: Counts): Promise<void> {
    await envoy?.push(encodeRouteTable(table));
    for (const { name, headers, endOfStream } of requests) {
      const sent = sendable(headers, endOfStream);
      const expected = sent === undefined ? undefined : expectedOf(table, sent, endOfStream);
      if (sent === undefined || expected === undefined) continue;
      counts.compared += 1;
      if (expected.some((line) => line.startsWith("x-graphway-route: "))) counts.decided += 1;
      const first = await arrived(port, sent, endOfStream);
      if (isDeepStrictEqual(first, expected)) continue;
      let last = first;
      await poll(`${name}: ${JSON.stringify({ sent: sent.headers, expected, first })}`, async () => {
        last = await arrived(port, sent, endOfStream);
        return isDeepStrictEqual(last, expected) ? true : undefined;
      });
    }
  }

  test("do the same to every request of the vectors that a client can send", async () => {
    const counts: Counts = { compared: 0, decided: 0 };
    for (const name of readdirSync(VECTORS)) {
      const { table, requests } = readCase(join(VECTORS, name));
      const named = requests.map((one) => ({ ...one, name: `${name}, ${one.name}` }));
      await compare(table, named, counts);
    }
    assert.ok(counts.compared > 300 && counts.decided > 200, JSON.stringify(counts));
  });

  test("do the same to fuzzed requests", async () => {
    const requests = fc.array(fc.tuple(anyHeaders, fc.boolean()), { minLength: 6, maxLength: 12 });
    const cases = fc.sample(fc.tuple(anyTable, requests), { numRuns: FUZZED_TABLES, seed: SEED });
    const counts: Counts = { compared: 0, decided: 0 };
    for (const [index, [table, asked]] of cases.entries()) {
      const named = asked.map(([headers, endOfStream], at) => ({
        name: `${String(index)}.${String(at)}`,
        headers,
        endOfStream,
      }));
      await compare({ ...table, generation: BigInt(index + 1_000_000) }, named, counts);
    }
    assert.ok(counts.compared > 200 && counts.decided > 50, JSON.stringify(counts));
  });
});
