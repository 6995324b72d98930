import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeResource } from "./encode.ts";
import { renderEndpoints } from "./endpoints.ts";
import { renderFilterConfig } from "./filter-config.ts";
import { planFor } from "./plans-for-tests.ts";
import { renderXds } from "./render.ts";
import type { JsonObject, XdsResource } from "./resource.ts";
import { TYPE } from "./type-urls.ts";

function bodyOf(resources: readonly XdsResource[], typeUrl: string): JsonObject {
  const found = resources.find((one) => one.typeUrl === typeUrl);
  assert.ok(found !== undefined);
  return found.body;
}

test("every resource has its message, and no field that the message lacks", () => {
  const full = planFor(
    "full",
    { a: 50, b: 50 },
    { copy: 12.5, other: 100 },
    { hosts: ["one.example.com", "*.two.example.com"], retry: { attempts: 3, perTryTimeoutMs: 1500 } },
  );
  const { value, problems } = renderXds([full, planFor("plain", { main: 1 })]);
  assert.deepEqual(problems, []);
  const others = [
    renderEndpoints("a/b/c/http", [{ address: "127.0.0.1", port: 9000 }]),
    renderEndpoints("a/b/c/grpc", []),
    renderFilterConfig("gateway", Uint8Array.of(1, 2, 3), { inlineBytes: Uint8Array.of(0, 97, 115, 109) }),
    renderFilterConfig("outbound", new Uint8Array(), { filename: "/filter.wasm" }),
  ];
  for (const resource of [...value, ...others]) assert.ok(encodeResource(resource).bytes.length > 0, resource.name);
});

test("without deployments there is still a listener and a route for everything", () => {
  const { value } = renderXds([]);
  assert.deepEqual(
    value.map((one) => one.typeUrl),
    [TYPE.listener, TYPE.routeConfiguration, TYPE.filterConfig],
  );
  for (const resource of value) encodeResource(resource);
  assert.match(JSON.stringify(bodyOf(value, TYPE.routeConfiguration)), /no such SeldonDeployment/);
});

test("a fifth shadow is left out and reported", () => {
  const shadows = { s1: 100, s2: 100, s3: 100, s4: 100, s5: 100 };
  const { value, problems } = renderXds([planFor("many", { main: 1 }, shadows)]);
  assert.deepEqual(
    problems.map(({ code, object }) => ({ code, object })),
    [{ code: "TooManyShadows", object: "seldon/many" }],
  );
  assert.match(problems[0]?.message ?? "", /s5/);
  const routes = JSON.stringify(bodyOf(value, TYPE.routeConfiguration));
  assert.ok(routes.includes("x-graphway-shadow-cluster-4"));
  assert.ok(!routes.includes("x-graphway-shadow-cluster-5") && !routes.includes("seldon/many/s5/"));
});

test("options reach the listener, the routes and the clusters", () => {
  const options = { address: "127.0.0.1", port: 8080, bodyBufferLimitBytes: 1234, maxRequests: 77 };
  const { value } = renderXds([planFor("plain", { main: 1 })], options);
  assert.deepEqual(bodyOf(value, TYPE.listener)["address"], {
    socket_address: { address: "127.0.0.1", port_value: 8080 },
  });
  assert.match(JSON.stringify(bodyOf(value, TYPE.routeConfiguration)), /"request_body_buffer_limit":1234/);
  assert.match(JSON.stringify(bodyOf(value, TYPE.cluster)), /"max_requests":77/);
});

test("the filter's resource holds table and code as base64, one VM per role", () => {
  const { name, body } = renderFilterConfig("inbound", Uint8Array.of(255, 0), { inlineBytes: Uint8Array.of(0, 97) });
  assert.equal(name, "graphway.inbound");
  const text = JSON.stringify(body);
  for (const part of ['"vm_id":"graphway.inbound"', '"inline_bytes":"AGE="', '"value":"/wA="', '"FAIL_OPEN"']) {
    assert.ok(text.includes(part), part);
  }
});
