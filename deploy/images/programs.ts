import { join } from "node:path";

/** Who the programs run as in their images; what Seldon 1.17.1 runs its operator and executor as. */
export const IMAGE_USER = 8888;

/** Where a bundle lies in its image. */
export const IMAGE_FOLDER = "/app";

/** Version of the images; the Helm chart's `appVersion`. */
export const IMAGE_TAG = "0.1.0";

/** A program that is shipped as an image of its own. */
export interface Program {
  readonly name: "control-plane" | "orchestrator";
  /** What Node starts, from the root of the checkout. */
  readonly entry: string;
  /** Files that are read at run time: path in the bundle -> path in the checkout. */
  readonly files: Readonly<Record<string, string>>;
  /** Packages whose code is in `files`. */
  readonly packages: readonly string[];
}

const PROTO = "build/proto";

export const PROGRAMS: readonly Program[] = [
  {
    name: "control-plane",
    entry: "control-plane/bin/control-plane.mjs",
    files: {
      "build/proto/xds.json": `${PROTO}/xds.json`,
      "build/filter/filter.wasm": "build/filter/filter.wasm",
    },
    packages: ["assemblyscript"],
  },
  {
    name: "orchestrator",
    entry: "orchestrator/bin/orchestrator.mjs",
    files: { "build/proto/descriptors.json": `${PROTO}/descriptors.json` },
    packages: [],
  },
];

/** Throws when there is no such program. */
export function programNamed(name: string): Program {
  const program = PROGRAMS.find((one) => one.name === name);
  if (program === undefined)
    throw new Error(`no program is named ${name}; there are ${PROGRAMS.map((one) => one.name).join(" and ")}`);
  return program;
}

/** Name of a program's image, as the Helm chart's values have it. */
export function imageName(program: Program): string {
  return `docker.io/graphway/${program.name}:${IMAGE_TAG}`;
}

/** What an image runs before the arguments that a pod gives; Node is where the official Node image has it. */
export function entrypointOf(program: Program): readonly string[] {
  return ["/usr/local/bin/node", join(IMAGE_FOLDER, `${program.name}.mjs`)];
}
