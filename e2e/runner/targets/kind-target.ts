import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { createKindCluster, KIND_PROGRAMS } from "../../../deploy/kind/kind.ts";
import { findEnvoy } from "../../../scripts/envoy.mjs";
import { writeArchive } from "../../cluster/image/archive.ts";
import { nodeImage, programImages } from "../../cluster/image/images.ts";
import { layoutOf } from "../../cluster/layout.ts";
import { unpackPackages } from "../../cluster/setup/debian-packages.ts";
import { runProgram } from "../../cluster/setup/run-program.ts";
import { modelImages } from "../../models/images.ts";
import { TargetMissing, type Place } from "./place.ts";

const ENGINES = ["docker", "podman", "nerdctl"];
const NAME = "graphway-e2e";

/** A cluster of its own, made by kind with deploy/kind. Needs a container engine, kind, istioctl, kubectl and helm. */
export async function prepareKind(root: string, keep: boolean): Promise<Place> {
  const missing = KIND_PROGRAMS.filter((name) => !isInPath(name)) as string[];
  if (!ENGINES.some(isInPath)) missing.unshift(`a container engine (${ENGINES.join(" or ")})`);
  if (missing.length > 0) throw new TargetMissing(`--target kind needs ${missing.join(", ")}`);
  const cluster = await createKindCluster(NAME, (file, args) => runProgram(file, args));
  try {
    for (const archive of await writeImages(root)) await cluster.loadImage(archive);
  } catch (error) {
    await cluster.delete();
    throw error;
  }
  const kubeconfig = process.env["KUBECONFIG"] ?? join(homedir(), ".kube", "config");
  return {
    target: {
      kubeconfig,
      context: cluster.context,
      ingress: `${cluster.ingress.host}:${cluster.ingress.port}`,
      modelImages: { "1": "docker.io/graphway/model:1", "2": "docker.io/graphway/model:2" },
      executorImage: "docker.io/graphway/model:executor",
    },
    enter: [],
    env: { KUBECONFIG: kubeconfig },
    isBorrowed: false,
    tearDown: () => (keep ? Promise.resolve() : cluster.delete()),
  };
}

/** Our programs and the models as archives; the same images as in the cluster of this checkout. */
async function writeImages(root: string): Promise<readonly string[]> {
  const layout = layoutOf(root);
  const packages = await unpackPackages(layout);
  const { path: envoy } = await findEnvoy();
  const binaries = { envoy, node: process.execPath };
  const models = await modelImages(await nodeImage(packages, binaries), join(root, "build", "e2e"));
  const archives: string[] = [];
  for (const image of [...(await programImages(packages, binaries)), ...models]) {
    archives.push(await writeArchive(image, layout.images));
  }
  return archives;
}

function isInPath(name: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, name)));
}
