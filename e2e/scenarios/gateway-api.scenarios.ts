import assert from "node:assert/strict";
import { Pool } from "undici";
import { issueCertificate } from "../../control-plane/src/deliver/admission/certificates/issue.ts";
import { holds, installGatewayApi, listenersOf, type ListenerStatus } from "../runner/gateway-api.ts";
import type { Fields } from "../runner/kube.ts";
import { deployment, predictor, withImages } from "../runner/manifest.ts";
import { withGateway, type OwnGateway } from "../runner/own-gateway.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const V1 = "[1,2,3,4]";
const GATEWAY = "shared";
const HOST = "models.example.com";
const SECRET = "certificate";
const GROUP = "gateway.networking.k8s.io";
const BODY = '{"data":{"ndarray":[[1.0,2.0,5.0]]}}';
const HOUR_MS = 3_600_000;

/** Another team's namespace. */
function guestOf(world: World): string {
  return `${world.namespace}-guest`;
}

/** The Gateway of the world, whose plain listener lets in these namespaces; with a listener of TLS where it is asked for. */
function gatewayObject(world: World, namespaces: Fields, isSecure = false): Fields {
  const certificateRefs = [{ name: SECRET, namespace: guestOf(world) }];
  const http = { name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces } };
  const https = { name: "https", port: 443, protocol: "HTTPS", hostname: HOST, tls: { certificateRefs } };
  return {
    apiVersion: `${GROUP}/v1`,
    kind: "Gateway",
    metadata: { name: GATEWAY },
    spec: { gatewayClassName: world.namespace, listeners: isSecure ? [http, https] : [http] },
  };
}

function namespaceObject(name: string, labels: Readonly<Record<string, string>>): Fields {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

function serving(world: World, name: string): Fields {
  const made = deployment(name, {
    labels: { "seldon.io/controller-id": world.namespace },
    predictors: [predictor("main", { annotations: { "seldon.io/no-engine": "true" } })],
  });
  return withImages(made, world.target.modelImages);
}

/** Waits until the guest's deployment is answered with this status through the plain listener. */
async function untilGuestGets(world: World, gateway: OwnGateway, status: number, routes: number): Promise<void> {
  let seen = "";
  const path = `/seldon/${guestOf(world)}/guest/api/v1.0/predictions`;
  await untilTrue(
    `the guest gets ${status}`,
    async () => {
      const reply = await gateway.client?.rest({ path, body: BODY });
      const [http] = await listenersOf(world, GATEWAY);
      seen = `${reply?.status} ${reply?.body.slice(0, 100)}; ${http?.attachedRoutes} routes`;
      return reply?.status === status && http?.attachedRoutes === routes;
    },
    { describe: () => seen },
  );
}

async function untilSecure(world: World, what: string, isSo: (https: ListenerStatus) => boolean): Promise<void> {
  let seen = "";
  await untilTrue(
    what,
    async () => {
      const https = (await listenersOf(world, GATEWAY)).find(({ name }) => name === "https");
      seen = JSON.stringify(https);
      return https !== undefined && isSo(https);
    },
    { describe: () => seen },
  );
}

function isNotPermitted({ conditions }: ListenerStatus): boolean {
  return conditions.some(({ type, status, reason }) => {
    return type === "ResolvedRefs" && status === "False" && reason === "RefNotPermitted";
  });
}

/** A prediction over a TLS connection of its own; throws where there is none. */
async function predictSecurely(world: World, ca: string): Promise<string> {
  const { spec } = await world.need("Service", "graphway-gateway");
  const pool = new Pool(`https://${String(spec?.["clusterIP"])}:443`, { connect: { ca, servername: HOST } });
  try {
    const path = `/seldon/${world.namespace}/home/api/v1.0/predictions`;
    const headers = { host: HOST, "content-type": "application/json" };
    const { statusCode, body } = await pool.request({ method: "POST", path, headers, body: BODY });
    return rowOf({ status: statusCode, headers: {}, body: await body.text() });
  } finally {
    await pool.destroy();
  }
}

async function grantsMatter(world: World): Promise<void> {
  const guest = guestOf(world);
  const issued = await issueCertificate({ dnsNames: [HOST], nowMs: Date.now(), lifetimeMs: HOUR_MS });
  const encode = (pem: string): string => Buffer.from(pem).toString("base64");
  await world.kube.apply(
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: SECRET },
      type: "kubernetes.io/tls",
      data: { "tls.crt": encode(issued.certificate), "tls.key": encode(issued.key) },
    },
    guest,
  );
  await world.apply(gatewayObject(world, { from: "Same" }, true));
  await untilSecure(world, "another namespace's certificate is not permitted", isNotPermitted);
  await assert.rejects(predictSecurely(world, issued.authority));
  const grant = {
    apiVersion: `${GROUP}/v1beta1`,
    kind: "ReferenceGrant",
    metadata: { name: "certificates" },
    spec: {
      from: [{ group: GROUP, kind: "Gateway", namespace: world.namespace }],
      to: [{ group: "", kind: "Secret", name: SECRET }],
    },
  };
  await world.kube.apply(grant, guest);
  await untilSecure(world, "the grant permits it", ({ conditions }) => holds(conditions, "ResolvedRefs"));
  await untilTrue("requests come over TLS", async () => (await predictSecurely(world, issued.authority)) === V1);
  await world.kube.delete("ReferenceGrant", guest, "certificates");
  await untilSecure(world, "without its grant it is not permitted any more", isNotPermitted);
}

export const scenarios: readonly Scenario[] = [
  {
    name: "gateway/api",
    shows:
      "Gateway API: a listener lets in the namespaces that allowedRoutes names, and another namespace's certificate with a ReferenceGrant",
    isAlone: true,
    timeoutMs: 600_000,
    run: async (world) => {
      const guest = guestOf(world);
      await installGatewayApi(world);
      world.atEnd(() => world.kube.delete("Namespace", "", guest));
      await world.kube.apply(namespaceObject(guest, {}), "");
      await withGateway(world, async (gateway) => {
        await world.apply(serving(world, "home"), gatewayObject(world, { from: "Same" }));
        await world.kube.apply(serving(world, "guest"), guest);
        await world.untilAvailable("home");
        await gateway.untilAnswered("home");
        const load = gateway.load("home");
        await untilGuestGets(world, gateway, 404, 1);
        await world.apply(gatewayObject(world, { from: "All" }));
        await untilGuestGets(world, gateway, 200, 2);
        await load.more(50);
        const { calls } = await load.stopFlawless([V1]);
        await world.apply(gatewayObject(world, { from: "Selector", selector: { matchLabels: { team: "guests" } } }));
        // The Gateway's own namespace has no such label either; its deployment is out as well until it has.
        await untilGuestGets(world, gateway, 404, 0);
        await world.kube.apply(namespaceObject(guest, { team: "guests" }), "");
        await untilGuestGets(world, gateway, 200, 1);
        await world.apply(gatewayObject(world, { from: "Same" }));
        await untilGuestGets(world, gateway, 404, 1);
        await gateway.untilAnswered("home");
        await grantsMatter(world);
        world.note(`${calls} requests while another namespace was let in`);
      });
    },
  },
];
