import assert from "node:assert/strict";
import { test } from "node:test";
import { FilterHost } from "./host.ts";

// Small modules, written as bytes, each with one fault that Envoy would refuse or crash on.
const HEAD = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const I32 = 0x7f;

function text(of: string): readonly number[] {
  return [of.length, ...Buffer.from(of)];
}

function section(id: number, items: readonly (readonly number[])[]): readonly number[] {
  const body = [items.length, ...items.flat()];
  return [id, body.length, ...body];
}

interface Parts {
  readonly imports?: readonly (readonly [module: string, name: string, type: number])[];
  /** Body of `_initialize`. */
  readonly initialize?: readonly number[];
  readonly leaveOut?: string;
  readonly hasStart?: boolean;
  readonly wrongType?: boolean;
}

const TYPES = [
  [0x60, 0, 0],
  [0x60, 1, I32, 1, I32],
  [0x60, 2, I32, I32, 1, I32],
  [0x60, 3, I32, I32, I32, 1, I32],
];

function moduleOf(parts: Parts): Uint8Array<ArrayBuffer> {
  const imports = parts.imports ?? [];
  const zero = [0x41, 0];
  const functions: readonly (readonly [name: string, type: number, body: readonly number[]])[] = [
    ["_initialize", 0, parts.initialize ?? []],
    ["proxy_abi_version_0_2_1", 0, []],
    ["proxy_on_memory_allocate", 1, zero],
    ["proxy_on_configure", parts.wrongType === true ? 1 : 2, zero],
    ["proxy_on_request_headers", 3, [0]],
  ];
  const kept = functions.map(([name], index) => [...text(name), 0, imports.length + index] as const);
  const exported = kept.filter((_, index) => functions[index]?.[0] !== parts.leaveOut);
  return new Uint8Array([
    ...HEAD,
    ...section(1, TYPES),
    ...section(
      2,
      imports.map(([module, name, type]) => [...text(module), ...text(name), 0, type]),
    ),
    ...section(
      3,
      functions.map(([, type]) => [type]),
    ),
    ...section(5, [[0, 1]]),
    ...section(7, [[...text("memory"), 2, 0], ...exported]),
    ...(parts.hasStart === true ? [8, 1, imports.length] : []),
    ...section(
      10,
      functions.map(([, , body]) => [body.length + 2, 0, ...body, 0x0b]),
    ),
  ]);
}

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
