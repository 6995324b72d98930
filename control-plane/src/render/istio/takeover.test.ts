import assert from "node:assert/strict";
import { test } from "node:test";
import { planFor } from "../xds/plans-for-tests.ts";
import type { JsonObject } from "../xds/resource.ts";
import { DEFAULT_ISTIO_OPTIONS } from "./options.ts";
import { takeoverEntries, type TakeoverRoutes } from "./takeover.ts";
import { renderVirtualService } from "./virtual-service.ts";

const TO = { namespace: "seldon", name: "example" };

function entriesOf(resource: JsonObject): readonly JsonObject[] {
  return (resource["spec"] as { readonly http: readonly JsonObject[] }).http;
}

function takeover(headers: TakeoverRoutes["headers"]): TakeoverRoutes {
  const from = planFor("other", { a: 30, b: 70 });
  return { from, headers, http: entriesOf(renderVirtualService(from, DEFAULT_ISTIO_OPTIONS)) };
}

function headersOf(entry: JsonObject): JsonObject {
  const [match] = entry["match"] as readonly { readonly headers: JsonObject }[];
  assert.ok(match !== undefined);
  return match.headers;
}

test("every entry names the header, none follows the filter, and URLs and metadata are the other's", () => {
  const entries = takeoverEntries(TO, [takeover([{ name: "city", value: "london" }, { name: "vip" }])]);
  assert.equal(entries.length, 5);
  for (const entry of entries) {
    const headers = headersOf(entry);
    assert.deepEqual(headers["city"], { exact: "london" });
    assert.deepEqual(headers["vip"], {});
    assert.equal(headers["x-graphway-predictor"], undefined);
    if (headers["seldon"] !== undefined) assert.deepEqual(headers["seldon"], { exact: "example" });
  }
  const text = JSON.stringify(entries);
  assert.ok(text.includes("/seldon/seldon/example/"));
  assert.ok(!text.includes("/seldon/seldon/other/"));
  assert.equal(new Set(entries.map((entry) => entry["name"])).size, entries.length);
});

test("what one deployment answers for another stands before all of that one's own entries", () => {
  const plan = planFor("example", { main: 1 });
  const entries = entriesOf(renderVirtualService(plan, DEFAULT_ISTIO_OPTIONS, [takeover([{ name: "city" }])]));
  const own = entriesOf(renderVirtualService(plan, DEFAULT_ISTIO_OPTIONS));
  assert.deepEqual(entries.slice(5), own);
  assert.ok(entries.slice(0, 5).every((entry) => Object.hasOwn(headersOf(entry), "city")));
});
