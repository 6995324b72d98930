import assert from "node:assert/strict";
import { test } from "node:test";
import { lastMeshPeer } from "./forwarded-client-cert.ts";

const BY = "By=spiffe://cluster.local/ns/graphway-system/sa/graphway";
const of = (namespace: string): string => `URI=spiffe://cluster.local/ns/${namespace}/sa/default`;
const namespaceIn = (...values: readonly string[]): string | undefined => lastMeshPeer(values)?.namespace;

test("the peer stands in the last element, which our own sidecar wrote", () => {
  assert.deepEqual(lastMeshPeer([`${BY};Hash=ab;Subject="";${of("models")}`]), {
    trustDomain: "cluster.local",
    namespace: "models",
    account: "default",
  });
  assert.equal(namespaceIn(`${BY};Hash=ab;Subject="";${of("forged")},${BY};Hash=cd;${of("models")}`), "models");
  assert.equal(namespaceIn(of("forged"), `${BY};${of("models")}`), "models");
  assert.equal(namespaceIn(`${BY};Subject="CN=a,O=\\"b\\";${of("forged")},";${of("models")}`), "models");
  assert.equal(
    namespaceIn(`by=spiffe://cluster.local/ns/x/sa/y; uri="spiffe://cluster.local/ns/models/sa/a"`),
    "models",
  );
});

test("whatever is not exactly one id of that shape is nobody", () => {
  for (const value of [
    "",
    ",",
    BY,
    `${BY};${of("a")};${of("b")}`,
    `${BY};${of("models")},`,
    `${BY};${of("models")},Hash=x`,
    `${BY};Subject="open;${of("models")}`,
    "URI=spiffe://cluster.local/ns/models",
    "URI=spiffe://cluster.local/ns/models/sa/a/more",
    "URI=https://cluster.local/ns/models/sa/a",
    `${BY};URI=spiffe://other.example/ns/models/sa/default`,
  ])
    assert.equal(lastMeshPeer([value]), undefined, value);
  assert.equal(lastMeshPeer([]), undefined);
});
