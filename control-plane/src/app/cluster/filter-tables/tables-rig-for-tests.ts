import assert from "node:assert/strict";
import { decodeRouteTable } from "#proto/route-table/decode.ts";
import type { MeshNode } from "../../../deliver/xds-identity/mesh-node.ts";
import type { XdsEvent } from "../../../deliver/xds-server/events.ts";
import { createResourceStore } from "../../../deliver/xds-server/resource-store.ts";
import type { KubernetesObject } from "../../../kubernetes-api/object.ts";
import { SteppedClock } from "../../../kubernetes-api/tests/stepped-clock.ts";
import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import { decodeResource } from "../../../render/xds/encode.ts";
import { filterName, type FilterRole } from "../../../render/xds/filter-config.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import { createFilterTables, type FilterTablesOptions } from "./filter-tables.ts";
import type { IstioObjects } from "./istio-objects.ts";

export const PUBLIC: MeshNode = { kind: "router", namespace: "istio-system", labels: { istio: "ingressgateway" } };
export const CALLER: MeshNode = { kind: "sidecar", namespace: "apps", labels: { app: "caller" } };
export const MESHED = { gateways: ["mesh"], hosts: ["iris.models.svc.cluster.local"] };

export const longRule = (bytes: number): DeploymentPlan["rules"][number] => {
  const conditions = [{ on: "path", test: { kind: "exact", text: "x".repeat(bytes) } }] as const;
  return { name: "long", conditions, percent: 100, split: [{ predictor: "main", weight: 1 }] };
};

export const istioObject = (key: string, spec: object): KubernetesObject => {
  const [namespace = "", name = ""] = key.split("/");
  return { apiVersion: "networking.istio.io/v1", kind: "", metadata: { namespace, name }, spec };
};

/** Tables of one control plane, and what proxies say to it. */
export function setUp(options: Partial<FilterTablesOptions> = {}) {
  const clock = new SteppedClock();
  const store = createResourceStore();
  const told: string[] = [];
  let objects: IstioObjects = { gateways: undefined, sidecars: undefined, rootNamespace: "istio-system" };
  const tables = createFilterTables({
    store,
    clock,
    objects: () => objects,
    clusterDomain: "cluster.local",
    peersOnly: true,
    code: Buffer.from("code"),
    onProgrammed: (keys) => told.push(...keys),
    onFault: (error) => {
      throw error;
    },
    ...options,
  });
  const look = (plan: DeploymentPlan): void => {
    tables.onLook({ step: { meshRoutes: plan } as never });
  };
  const say = (stream: number, node: MeshNode, event: object): void => {
    const id = `${node.kind}~10.0.0.1~pod.${node.namespace}~x`;
    const peer = { stream, node: { id, cluster: "", metadata: { LABELS: node.labels ?? null } }, method: "" };
    tables.onEvent({ peer, typeUrl: TYPE.filterConfig, ...event } as unknown as XdsEvent);
  };
  const storedName = (node: MeshNode, role: FilterRole): string | undefined => {
    const stored = tables.storedName(node, role);
    return stored.kind === "name" ? stored.name : undefined;
  };
  const resourceOf = (node: MeshNode, role: FilterRole) => store.get(TYPE.filterConfig, storedName(node, role) ?? "");
  return {
    tables,
    clock,
    store,
    told,
    look,
    say,
    resourceOf,
    storedName,
    setObjects: (more: Partial<IstioObjects>): void => {
      objects = { ...objects, ...more };
      tables.objectsChanged();
    },
    subscribe: (stream: number, node: MeshNode, ...roles: readonly FilterRole[]): void => {
      say(stream, node, { kind: "subscribe", wildcard: false, names: roles.map(filterName) });
    },
    ack: (stream: number, node: MeshNode, role: FilterRole): void => {
      const version = resourceOf(node, role)?.version;
      say(stream, node, { kind: "ack", resources: [{ name: filterName(role), version }] });
    },
    nack: (stream: number, node: MeshNode, role: FilterRole, message: string): void => {
      const version = resourceOf(node, role)?.version;
      say(stream, node, { kind: "nack", message, resources: [{ name: filterName(role), version }] });
    },
    table: (node: MeshNode, role: FilterRole) => tableIn(resourceOf(node, role)),
    keys: (node: MeshNode, role: FilterRole) =>
      tableIn(resourceOf(node, role))
        ?.deployments.map((one) => one.key)
        .join(" "),
  };
}

interface WasmBody {
  readonly typed_config: { readonly config: { readonly configuration: { readonly value: string } } };
}

function tableIn(resource: Parameters<typeof decodeResource>[0] | undefined) {
  if (resource === undefined) return undefined;
  const body = decodeResource(resource) as unknown as WasmBody;
  const decoded = decodeRouteTable(Buffer.from(body.typed_config.config.configuration.value, "base64"));
  assert.ok(decoded.ok, decoded.ok ? "" : decoded.reason);
  return decoded.table;
}
