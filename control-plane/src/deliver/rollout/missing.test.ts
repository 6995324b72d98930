import assert from "node:assert/strict";
import { test } from "node:test";
import { missing } from "./missing.ts";

interface Case {
  readonly name: string;
  readonly wanted: unknown;
  readonly live: unknown;
  readonly at?: string;
}

const container = (fields: object): unknown => ({ containers: [{ name: "a", ...fields }] });

const CASES: readonly Case[] = [
  { name: "more is there than is wanted", wanted: { a: 1 }, live: { a: 1, b: 2 } },
  { name: "a value differs", wanted: { a: { b: 1 } }, live: { a: { b: 2 } }, at: "a.b" },
  { name: "a field is gone", wanted: { a: { b: "x" } }, live: { a: {} }, at: "a.b" },
  { name: "empty values may be left out", wanted: { a: "", b: 0, c: false, d: [], e: { f: "" } }, live: {} },
  { name: "empty is not full", wanted: { a: "" }, live: { a: "x" }, at: "a" },
  { name: "an empty list is not full", wanted: { a: [] }, live: { a: ["x"] }, at: "a" },
  { name: "a number as text", wanted: { port: 80 }, live: { port: "80" } },
  { name: "a quantity spelled otherwise", wanted: { requests: { cpu: "1000m" } }, live: { requests: { cpu: "1" } } },
  { name: "a quantity in other units", wanted: { limits: { memory: "1Gi" } }, live: { limits: { memory: "1024Mi" } } },
  { name: "another quantity", wanted: { limits: { cpu: "1" } }, live: { limits: { cpu: "2" } }, at: "limits.cpu" },
  { name: "texts are no quantities", wanted: { args: ["1000m"] }, live: { args: ["1"] }, at: "args[0]" },
  {
    name: "variables in another order, and one of somebody else",
    wanted: container({ env: [{ name: "x", value: "1" }, { name: "y" }] }),
    live: container({ env: [{ name: "z" }, { name: "y" }, { name: "x", value: "1" }] }),
  },
  {
    name: "a variable with another value",
    wanted: container({ env: [{ name: "x", value: "1" }] }),
    live: container({ env: [{ name: "x", value: "2" }] }),
    at: "containers[a].env[x].value",
  },
  {
    name: "the protocol is TCP unless said",
    wanted: { ports: [{ containerPort: 80 }] },
    live: { ports: [{ containerPort: 80, protocol: "TCP" }] },
  },
  { name: "arguments in another order", wanted: { args: ["a", "b"] }, live: { args: ["b", "a"] }, at: "args[0]" },
  { name: "an argument too many", wanted: { args: ["a"] }, live: { args: ["a", "b"] }, at: "args" },
  { name: "an object where a text was", wanted: { a: { b: 1 } }, live: { a: "x" }, at: "a" },
];

for (const { name, wanted, live, at } of CASES) {
  test(`what a cluster misses: ${name}`, () => {
    assert.equal(missing(wanted, live), at);
  });
}
