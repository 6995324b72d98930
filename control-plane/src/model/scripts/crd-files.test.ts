import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { load } from "js-yaml";
import { CUSTOM_RESOURCE_DEFINITIONS } from "../schema/crd/definitions.ts";
import { renderCompactYaml } from "./compact-yaml.ts";
import { CRD_FOLDER, renderCrdFiles } from "./crd-files.ts";

/** Helm keeps a release, chart and manifest, in one object of at most 1 MiB; this much of it may be the definitions. */
const LARGEST_IN_RELEASE = 300_000;
/** etcd takes requests of 1.5 MiB, and field managers come on top. */
const LARGEST_OBJECT = 500_000;

describe("CustomResourceDefinitions in the chart", () => {
  it("are those of the schemas (node control-plane/src/model/scripts/write-crds.ts writes them)", () => {
    const written = readdirSync(CRD_FOLDER).map((name) => ({
      name,
      text: readFileSync(new URL(name, CRD_FOLDER), "utf8"),
    }));
    const byName = (one: { name: string }, other: { name: string }): number => (one.name < other.name ? -1 : 1);
    assert.deepEqual(written.toSorted(byName), renderCrdFiles().toSorted(byName));
  });

  it("read back as what was written", () => {
    assert.deepEqual(
      renderCrdFiles().map(({ text }) => load(text)),
      CUSTOM_RESOURCE_DEFINITIONS.map((one) => JSON.parse(JSON.stringify(one)) as unknown),
    );
  });

  it("fit into etcd and into a Helm release", () => {
    for (const definition of CUSTOM_RESOURCE_DEFINITIONS) assert.ok(JSON.stringify(definition).length < LARGEST_OBJECT);
    const inRelease = renderCrdFiles().map(({ text }) => text + Buffer.from(text).toString("base64"));
    const bytes = gzipSync(inRelease.join("")).toString("base64").length;
    assert.ok(bytes < LARGEST_IN_RELEASE, `${bytes} bytes`);
  });
});

describe("compact YAML", () => {
  it("reads back as what was written", () => {
    const key = fc.constantFrom("a", "yes", "x-y", "1", "$ref", "with space", "");
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.constantFrom("no", "1.5", "a: b", "#", "- x", "long ".repeat(30)),
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(key, tie("tree"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        assert.deepEqual(load(renderCompactYaml(value)), value);
      }),
    );
  });
});
