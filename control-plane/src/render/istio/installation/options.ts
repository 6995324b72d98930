import type { FilterRole } from "../../xds/filter-config.ts";

/** How the filter gets into the proxies of an Istio mesh. */
export interface IstioInstallation {
  /**
   * Namespace of the EnvoyFilters. In the mesh's root namespace (`istio-system`) they hold for proxies of all namespaces, in
   * another one for that one's own.
   */
  readonly namespace: string;
  /** Where the filter is fetched: host and port of a Service of ours, the host fully qualified. */
  readonly controlPlane: { readonly host: string; readonly port: number };
  readonly reach: Reach;
  /** `ecds`: every proxy fetches filter and table from us. `istiod`: it hands out both, for which we write them into EnvoyFilters. */
  readonly delivery: "ecds" | "istiod";
  /** Gateways that get the filter. */
  readonly gateways: "all" | "none" | Labels;
  /** Sidecars that get it; absent: none. */
  readonly sidecars?: SidecarScope;
}

export type Labels = Readonly<Record<string, string>>;

/**
 * By the cluster that the mesh has for our Service, with its mTLS where our pod is in the mesh; or by a cluster of our own,
 * in plain text or by TLS. A mesh that prunes the clusters of gateways, or whose Sidecars hide ours, needs the latter.
 */
export type Reach =
  | { readonly by: "mesh" }
  | {
      readonly by: "cluster";
      /** Certificates that ours is checked by, in PEM. */ readonly tls?: { readonly ca: string };
    };

/** Sidecars of callers by the ports that they call, and of predictors by the label that their pods have. */
export interface SidecarScope {
  /** Ports of predictors' Services, and of other Services by whose hosts deployments are called. Never that of our xDS server. */
  readonly ports: readonly number[];
}

/** Ports of predictors' Services unless an operator changed them. */
export const PREDICTOR_PORTS: readonly number[] = [8000, 5001];

/** What holds unless an installer says otherwise. */
export const DEFAULT_ISTIO_INSTALLATION: IstioInstallation = {
  namespace: "istio-system",
  controlPlane: { host: "graphway-xds.seldon-system.svc.cluster.local", port: 18000 },
  reach: { by: "mesh" },
  delivery: "ecds",
  gateways: "all",
};

/** Name of the EnvoyFilter that brings the filter into the proxies of a role. */
export function envoyFilterName(role: FilterRole): string {
  return `graphway-${role}`;
}

/** Name of the EnvoyFilter by which istiod hands out a role's filter and table. */
export function tableName(role: FilterRole): string {
  return `graphway-${role}-table`;
}
