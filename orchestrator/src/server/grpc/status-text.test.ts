import assert from "node:assert/strict";
import { it } from "node:test";
import { encodeStatusText } from "./status-text.ts";

it("percent-encodes what a header can't hold, in whole bytes, and cuts long texts", () => {
  assert.equal(encodeStatusText("plain text: 1 ~"), "plain text: 1 ~");
  assert.equal(encodeStatusText("100 %\r\né"), "100 %25%0D%0A%C3%A9");
  assert.equal(encodeStatusText("x".repeat(10_000)).length, 8192);
  assert.match(encodeStatusText("é".repeat(10_000)), /^(%C3%A9)+(%C3)?$/);
});

it("keeps a space at either end, which a header's value would lose or be refused for", () => {
  assert.equal(encodeStatusText("Failed to find model "), "Failed to find model%20");
  assert.equal(encodeStatusText(" a b"), "%20a b");
  assert.equal(encodeStatusText(" "), "%20");
  assert.equal(encodeStatusText(""), "");
});
