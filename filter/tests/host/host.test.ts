import assert from "node:assert/strict";
import { test } from "node:test";
import { FilterHost } from "./host.ts";
import { moduleOf } from "./small-module.ts";

test("a module with nothing wrong loads, and its trap ends the VM for good", () => {
  const host = FilterHost.load(moduleOf({}));
  assert.equal(host.configure(new Uint8Array()), false);
  assert.throws(() => host.request([]), /unreachable/);
  assert.ok(host.hasFailed);
  assert.throws(() => host.configure(new Uint8Array()), /VM has failed/);
});

test("what Envoy does not have cannot be imported", () => {
  assert.throws(() => FilterHost.load(moduleOf({ imports: [["env", "seed", 0]] })), /missing import env.seed/);
  assert.throws(
    () => FilterHost.load(moduleOf({ imports: [["env", "proxy_log", 1]] })),
    /type mismatch: env.proxy_log/,
  );
});

test("a start section, a missing callback and one of a wrong type are refused", () => {
  assert.throws(() => FilterHost.load(moduleOf({ hasStart: true })), /start section/);
  assert.throws(() => FilterHost.load(moduleOf({ leaveOut: "proxy_on_configure" })), /proxy_on_configure is absent/);
  assert.throws(() => FilterHost.load(moduleOf({ wrongType: true })), /bad function signature/);
});

test("headers cannot be read while the module is initialised", () => {
  const call = [0x41, 0, 0x41, 0, 0x41, 0, 0x10, 0, 0x1a];
  const imports = [["env", "proxy_get_header_map_pairs", 3]] as const;
  assert.throws(() => FilterHost.load(moduleOf({ imports, initialize: call })), /restricted_callback/);
});
