import { experimental, type ServerCredentials } from "@grpc/grpc-js";
import { createProgrammed, type Programmed } from "../../deliver/programmed/programmed.ts";
import { readOrchestratorNode } from "../../deliver/xds-identity/orchestrator-node.ts";
import { gatewayViews } from "../../deliver/xds-identity/gateway-views.ts";
import { orchestratorViews } from "../../deliver/xds-identity/orchestrator-views.ts";
import { roleOf, viewsByRole } from "../../deliver/xds-identity/views-by-role.ts";
import { createTokenReviewer } from "../../deliver/xds-identity/token-reviewer.ts";
import type { XdsEvent } from "../../deliver/xds-server/events.ts";
import type { ViewFor, XdsNode } from "../../deliver/xds-server/node-view.ts";
import type { ResourceStore } from "../../deliver/xds-server/resource-store.ts";
import { startXdsServer, type XdsServer } from "../../deliver/xds-server/server.ts";
import type { ApiClient } from "../../kubernetes-api/api-client.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { storedGraphName, type GraphShelf } from "./graph-shelf.ts";
import type { Logger } from "./log.ts";
import type { XdsSettings } from "./settings/cluster-settings.ts";

export interface XdsServiceOptions {
  readonly client: ApiClient;
  readonly xds: XdsSettings;
  /** Service account of our own gateways; undefined: there are none. */
  readonly gateway: { readonly namespace: string; readonly name: string } | undefined;
  /** What Istio's proxies may see; undefined: nothing. */
  readonly mesh: ((onRefused: (nodeId: string, reason: string) => void) => ViewFor) | undefined;
  readonly store: ResourceStore;
  readonly shelf: GraphShelf;
  /** Nothing is sent before it resolves. */
  readonly ready: Promise<unknown>;
  /** Called with the key of a deployment when more or fewer have accepted its graphs. */
  readonly onProgrammed: (key: string) => void;
  readonly onEvent: (event: XdsEvent) => void;
  readonly onRefused: () => void;
  readonly log: Logger;
}

/** Serves graphs to orchestrators, filters to Istio's proxies and everything to our own gateways; knows who has accepted graphs. */
export interface XdsService {
  readonly server: XdsServer;
  readonly programmed: Programmed;
}

/** How often files of the certificate are read again. */
const CERTIFICATE_CHECK_MS = 10_000;

export async function serveXds(options: XdsServiceOptions): Promise<XdsService> {
  const { client, xds, store, shelf, log } = options;
  const programmed = createProgrammed({
    typeUrl: TYPE.inferenceGraph,
    wantedVersion: (node, name) => wantedVersion(store, node, name),
    keyOf: (name) => name.slice(0, name.lastIndexOf("/")),
    onChange: options.onProgrammed,
  });
  const onRefused = (nodeId: string, reason: string): void => {
    options.onRefused();
    log.warn({ node: nodeId }, `a client was sent away: ${reason}`);
  };
  const reviewToken = xds.auth === "none" ? undefined : createTokenReviewer({ client, audience: xds.audience });
  const mesh = options.mesh?.(onRefused);
  const server = await startXdsServer({
    address: `0.0.0.0:${xds.port}`,
    store,
    ready: options.ready,
    ...(xds.tls === undefined ? {} : { credentials: rotatingCredentials(xds.tls) }),
    viewFor: viewsByRole(
      {
        orchestrator: orchestratorViews({
          reviewToken,
          deploymentsOf: (key, predictor) => shelf.deploymentsOf(key, predictor),
          storedName: storedGraphName,
          onRefused,
        }),
        ...(options.gateway === undefined
          ? {}
          : { gateway: gatewayViews({ reviewToken, serviceAccount: options.gateway, onRefused }) }),
        ...(mesh === undefined ? {} : { router: mesh, sidecar: mesh }),
      },
      onRefused,
    ),
    onEvent: (event) => {
      programmed.onEvent(event);
      options.onEvent(event);
      if (event.kind === "nack" && roleOf(event.peer.node) !== "gateway") {
        const names = event.resources.map((one) => one.name);
        log.warn({ node: event.peer.node.id, typeUrl: event.typeUrl, names }, `a client refused: ${event.message}`);
      }
    },
    onError: (error) => {
      log.error({ err: error }, "the xDS server");
    },
  });
  return { server, programmed };
}

/** The version for the template that the node was started with. */
function wantedVersion(store: ResourceStore, node: XdsNode, name: string): string | undefined {
  const claim = readOrchestratorNode(node);
  if (claim === undefined) return undefined;
  return store.get(TYPE.inferenceGraph, storedGraphName(name, claim.startedWith))?.version;
}

/** A certificate that may change while it is served. */
function rotatingCredentials({ certFile, keyFile }: NonNullable<XdsSettings["tls"]>): ServerCredentials {
  const provider = new experimental.FileWatcherCertificateProvider({
    certificateFile: certFile,
    privateKeyFile: keyFile,
    refreshIntervalMs: CERTIFICATE_CHECK_MS,
  });
  return experimental.createCertificateProviderServerCredentials(provider, null, false);
}
