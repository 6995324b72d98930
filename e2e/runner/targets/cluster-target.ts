import { join } from "node:path";
import { bringUp, findCluster, type Cluster } from "../../cluster/cluster.ts";
import { NODE } from "../../cluster/layout.ts";
import { enterWords, nodeEnvironment } from "../../cluster/node/inside.ts";
import { kubeconfigPath } from "../../cluster/node/node-files.ts";
import { missingNeeds } from "../../cluster/setup/preflight.ts";
import { modelImages } from "../../models/images.ts";
import { TargetMissing, type Place } from "./place.ts";

/** Where the gateway listens: port 80 of its Service is 8080 of its pod, which is on the node's own network. */
const INGRESS_PORT = 8080;

/** The cluster of this checkout: brought up for this run, or the one that is up. */
export async function prepareCluster(root: string, keep: boolean): Promise<Place> {
  const missing = missingNeeds();
  if (missing.length > 0) throw new TargetMissing(missing.join("\n"));
  const running = await findCluster(root);
  const cluster = running ?? (await bringUp(root, !keep));
  try {
    if (running !== undefined) await cluster.loadPrograms();
    await cluster.loadOverNode((node) => modelImages(node, join(root, "build", "e2e")));
    const istioSource = await cluster.loadIstio();
    return placeOf(cluster, istioSource, running !== undefined, keep);
  } catch (error) {
    if (running === undefined) await cluster.down();
    throw error;
  }
}

function placeOf(cluster: Cluster, istioSource: string, isBorrowed: boolean, keep: boolean): Place {
  const { layout, node, packages } = cluster;
  return {
    target: {
      kubeconfig: kubeconfigPath(layout, "admin"),
      ingress: `${NODE.address}:${INGRESS_PORT}`,
      modelImages: { "1": "docker.io/graphway/model:1", "2": "docker.io/graphway/model:2" },
      executorImage: "docker.io/graphway/model:executor",
      nodePid: node.pid,
      istioSource,
    },
    // Its network alone: the scenarios' files and processes are this machine's.
    enter: enterWords(node, "network"),
    env: nodeEnvironment(layout, packages),
    isBorrowed,
    tearDown: () => (isBorrowed || keep ? Promise.resolve() : cluster.down()),
  };
}
