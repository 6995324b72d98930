import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findEnvoy } from "../../scripts/envoy.mjs";
import { describeTrouble } from "./describe-trouble.ts";
import { importImages } from "./image/import.ts";
import type { Image } from "./image/image.ts";
import { envoyImage, istiodImage, nodeImage, programImages, systemImages } from "./image/images.ts";
import { istioProxyImage } from "./image/istio-proxy.ts";
import { layoutOf, type Layout } from "./layout.ts";
import { runOnNode } from "./node/inside.ts";
import { runningNode, startNode, stopNode, type NodeProcess } from "./node/node-process.ts";
import { unpackPackages } from "./setup/debian-packages.ts";
import { buildTools, moduleFolder } from "./setup/go-tools.ts";
import { missingNeeds } from "./setup/preflight.ts";
import type { ProgramOptions } from "./setup/run-program.ts";

/** A single-node Kubernetes with Istio that is up. */
export class Cluster {
  readonly layout: Layout;
  readonly node: NodeProcess;
  readonly packages: string;

  constructor(layout: Layout, node: NodeProcess, packages: string) {
    this.layout = layout;
    this.node = node;
    this.packages = packages;
  }

  /** Runs a command on the node, with kubectl, helm and ctr at hand. */
  run(command: readonly string[], options: ProgramOptions = {}): Promise<string> {
    return runOnNode(this.layout, this.packages, this.node, command, options);
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return this.run(["kubectl", ...args]);
  }

  /** Applies manifests by server-side apply. */
  apply(manifests: string): Promise<string> {
    return this.run(["kubectl", "apply", "--server-side", "--force-conflicts", "-f", "-"], { input: manifests });
  }

  /** Bundles our programs and brings their images to the node; returns the names of those that have changed. */
  async loadPrograms(): Promise<readonly string[]> {
    const { path: envoy } = await findEnvoy();
    const images = await programImages(this.packages, { envoy, node: process.execPath });
    return importImages(this.layout, this.packages, this.node, images);
  }

  /** Brings more images over the one with Node to the node; returns the names of those that have changed. */
  async loadOverNode(make: (node: Image) => Promise<readonly Image[]>): Promise<readonly string[]> {
    const { path: envoy } = await findEnvoy();
    const images = await make(await nodeImage(this.packages, { envoy, node: process.execPath }));
    return importImages(this.layout, this.packages, this.node, images);
  }

  /** Brings what Istio's charts install to the node: istiod and its proxy. Returns the folder of Istio's source, with the charts. */
  async loadIstio(): Promise<string> {
    const { path: envoy } = await findEnvoy();
    const istio = await moduleFolder(this.layout, "istio.io/istio");
    const base = await envoyImage(this.packages, { envoy, node: process.execPath });
    const proxy = await istioProxyImage(this.layout, this.packages, base, istio);
    await importImages(this.layout, this.packages, this.node, [istiodImage(this.layout), proxy]);
    return istio;
  }

  async down(): Promise<void> {
    await stopNode(this.layout);
  }
}

/** What this machine lacks to run a cluster, or what did not come up; the message is for people. */
export class ClusterError extends Error {}

/** The cluster of this checkout where one is up. */
export async function findCluster(root: string): Promise<Cluster | undefined> {
  const layout = layoutOf(root);
  const node = runningNode(layout);
  return node === undefined ? undefined : new Cluster(layout, node, await unpackPackages(layout));
}

/**
 * Brings the cluster up: builds and fetches what is missing (minutes, once), starts the node, DNS, Istio and its
 * ingress. With `untilEof` the cluster ends with this process, however it ends.
 */
export async function bringUp(root: string, untilEof: boolean): Promise<Cluster> {
  const missing = missingNeeds();
  if (missing.length > 0) throw new ClusterError(`this machine can't run the cluster:\n${missing.join("\n")}`);
  const layout = layoutOf(root);
  await buildTools(layout);
  const packages = await unpackPackages(layout);
  if (runningNode(layout) !== undefined)
    throw new ClusterError("the cluster of this checkout is up already; end it with: npm run cluster -- down");
  const cluster = new Cluster(layout, await startNode(layout, packages, untilEof), packages);
  try {
    await importImages(layout, packages, cluster.node, systemImages(layout));
    await cluster.loadPrograms();
    await installAddons(cluster);
  } catch (error) {
    const trouble = await describeTrouble((...words) => cluster.kubectl(...words));
    await cluster.down();
    throw new ClusterError(`${error instanceof Error ? error.message : String(error)}\n${trouble}`);
  }
  return cluster;
}

async function installAddons(cluster: Cluster): Promise<void> {
  const manifest = (name: string): string =>
    readFileSync(join(import.meta.dirname, "manifests", `${name}.yaml`), "utf8");
  const istio = await moduleFolder(cluster.layout, "istio.io/istio");
  await cluster.apply(manifest("dns"));
  await cluster.apply(readFileSync(join(istio, "manifests/charts/base/files/crd-all.gen.yaml"), "utf8"));
  await cluster.apply(manifest("istiod"));
  await cluster.apply(manifest("ingress"));
  await Promise.all([
    cluster.kubectl("-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=120s"),
    cluster.kubectl("-n", "istio-system", "rollout", "status", "deployment/istiod", "--timeout=120s"),
    cluster.kubectl("-n", "istio-system", "rollout", "status", "deployment/istio-ingressgateway", "--timeout=120s"),
  ]);
  writeFileSync(join(cluster.layout.run, "complete"), "");
}
