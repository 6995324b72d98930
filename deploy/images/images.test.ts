import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { entrypointOf, IMAGE_FOLDER, IMAGE_TAG, IMAGE_USER, PROGRAMS, type Program } from "./programs.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** What the last stage of a Dockerfile says: instruction -> its words, one entry per line. */
function lastStage(program: Program): ReadonlyMap<string, readonly string[]> {
  const text = readFileSync(join(import.meta.dirname, `${program.name}.Dockerfile`), "utf8");
  const stage = text.slice(text.lastIndexOf("\nFROM "));
  const instructions = new Map<string, string[]>();
  for (const [, name = "", words = ""] of stage.matchAll(/^([A-Z]+) (.*)$/gm))
    instructions.set(name, [...(instructions.get(name) ?? []), words]);
  return instructions;
}

function manifest(): { readonly version: string; readonly devDependencies: { readonly node: string } } {
  return JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as ReturnType<typeof manifest>;
}

describe("a Dockerfile", () => {
  for (const program of PROGRAMS) {
    it(`of ${program.name} makes the image that the cluster of the tests gets`, () => {
      const [major] = manifest().devDependencies.node.split(".");
      assert.deepEqual(
        lastStage(program),
        new Map([
          ["FROM", [`node:${String(major)}-slim`]],
          ["COPY", [`--from=build /src/build/images/${program.name} ${IMAGE_FOLDER}`]],
          ["WORKDIR", [IMAGE_FOLDER]],
          ["USER", [`${IMAGE_USER}:${IMAGE_USER}`]],
          [
            "ENTRYPOINT",
            [
              `[${entrypointOf(program)
                .map((word) => JSON.stringify(word))
                .join(", ")}]`,
            ],
          ],
        ]),
      );
    });

    it(`of ${program.name} bundles that program`, () => {
      const text = readFileSync(join(import.meta.dirname, `${program.name}.Dockerfile`), "utf8");
      assert.match(text, new RegExp(`^RUN .*node deploy/images/bundle\\.ts ${program.name}$`, "m"));
    });
  }
});

it("images have the version of the project", () => {
  assert.equal(IMAGE_TAG, manifest().version);
});
