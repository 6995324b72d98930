import assert from "node:assert/strict";
import { it } from "node:test";
import { pathOf } from "./request-target.ts";

it("the path of a request target, in both forms of RFC 9112", () => {
  const paths: Readonly<Record<string, string>> = {
    "/ready": "/ready",
    "/a?b=/c?d": "/a",
    "/": "/",
    "?x": "/",
    "http://models.example:8000/api/v1.0/predictions?x=http://y": "/api/v1.0/predictions",
    "HTTPS://a/v2": "/v2",
    "http://a": "/",
    "http://a?b": "/",
    "//a/b": "//a/b",
    "*": "*",
    "ftp://a/b": "ftp://a/b",
  };
  for (const [target, path] of Object.entries(paths)) assert.equal(pathOf(target), path, target);
});
