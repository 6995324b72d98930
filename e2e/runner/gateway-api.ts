import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { layoutOf } from "../cluster/layout.ts";
import { moduleFolder } from "../cluster/setup/go-tools.ts";
import type { Fields, Kube } from "./kube.ts";
import { NotRun } from "./scenario.ts";
import { until, untilTrue } from "./until.ts";
import type { World } from "./world.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const MODULE = "sigs.k8s.io/gateway-api";
const KINDS = ["gatewayclasses", "gateways", "referencegrants"];
/** What `graphway render --target gateway-api` writes. */
export const ROUTE_KINDS: readonly string[] = ["httproutes", "grpcroutes"];
const KIND = "CustomResourceDefinition";

/** Installs what we read of Gateway API and `more` kinds, where they are not there; they are taken away when the scenario ends. */
export async function installGatewayApi(world: World, more: readonly string[] = []): Promise<void> {
  if (world.target.nodePid === undefined)
    throw new NotRun("Gateway API is installed in the cluster of this checkout alone");
  const folder = join(await moduleFolder(layoutOf(ROOT), MODULE), "config", "crd", "standard");
  for (const plural of [...KINDS, ...more]) {
    const name = `${plural}.gateway.networking.k8s.io`;
    if (await isThere(world.kube, name)) continue;
    world.atEnd(() => world.kube.delete(KIND, "", name));
    const definition = load(readFileSync(join(folder, `gateway.networking.k8s.io_${plural}.yaml`), "utf8")) as Fields;
    await world.kube.apply(definition, "");
    await untilTrue(`${name} is served`, async () => {
      const { status } = (await world.kube.get(KIND, "", name)) ?? {};
      const { conditions = [] } = (status ?? {}) as { readonly conditions?: readonly Condition[] };
      return holds(conditions, "Established");
    });
  }
}

/** Whether a kind is there to stay: one that an earlier scenario takes away is waited for until it is gone. */
export async function isThere(kube: Pick<Kube, "get">, name: string): Promise<boolean> {
  return until(`${name} is gone`, async () => {
    const found = await kube.get(KIND, "", name);
    if (found === undefined) return false;
    return found.metadata.deletionTimestamp === undefined ? true : undefined;
  });
}

/** A condition of any object. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
}

export function holds(conditions: readonly Condition[], type: string): boolean {
  return conditions.some((one) => one.type === type && one.status === "True");
}

/** What is said of a listener of a Gateway of Gateway API. */
export interface ListenerStatus {
  readonly name: string;
  readonly attachedRoutes: number;
  readonly conditions: readonly Condition[];
}

export async function listenersOf(world: World, gateway: string): Promise<readonly ListenerStatus[]> {
  const path = `/apis/gateway.networking.k8s.io/v1/namespaces/${world.namespace}/gateways/${gateway}`;
  const { status } = (await world.kube.call("GET", path)) as {
    readonly status?: { readonly listeners?: readonly ListenerStatus[] };
  };
  return status?.listeners ?? [];
}
