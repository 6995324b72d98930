import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { routeOf } from "../server/rest/routes.ts";
import type { OpenApi } from "./api.ts";
import { documentText } from "./documents.ts";

describe("the API's description", () => {
  for (const [name, protocol] of [
    ["seldon.json", "seldon"],
    ["dataplane.yaml", "v2"],
  ] as const) {
    it(`${name} has paths that are served, and schemas that are there`, () => {
      const { text } = documentText(name);
      const api = JSON.parse(text) as OpenApi;
      assert.equal(api.openapi, "3.0.3");
      for (const [path, calls] of Object.entries(api.paths)) {
        const route = routeOf(path.replaceAll(/[{}]/g, ""), protocol, "/metrics");
        assert.ok(route !== undefined && "methods" in route, path);
        for (const method of Object.keys(calls)) assert.ok(route.methods.includes(method.toUpperCase()), path);
      }
      for (const [, schema = ""] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) {
        assert.ok(schema in api.components.schemas, schema);
      }
    });
  }

  it("the page may run its own script and style, and nothing else", () => {
    const { text, csp } = documentText("index.html");
    for (const tag of ["script", "style"]) {
      const [, inside = ""] = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(text) ?? [];
      assert.ok(csp.includes(`${tag}-src 'sha256-${createHash("sha256").update(inside).digest("base64")}'`), tag);
    }
    assert.match(csp, /^default-src 'none';/);
    assert.doesNotMatch(text, /https?:\/\//);
  });
});
