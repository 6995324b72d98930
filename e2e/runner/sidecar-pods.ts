import type { Fields } from "./kube.ts";
import { inMesh } from "./own-istio.ts";
import type { World } from "./world.ts";

/** Of the ingress gateway: its Service, its Deployment and the Gateway that it serves. */
export const INGRESS = "ingress";
const INGRESS_PORT = 8080;

/** A gateway that istiod injects, the Service before it and the Gateway that it serves. */
export function ingressObjects(world: World): readonly Fields[] {
  const labels = { app: INGRESS, istio: world.namespace };
  return [
    {
      apiVersion: "networking.istio.io/v1",
      kind: "Gateway",
      metadata: { name: INGRESS },
      spec: {
        selector: { istio: world.namespace },
        servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: INGRESS },
      spec: { selector: labels, ports: [{ name: "http2", port: 80, targetPort: INGRESS_PORT }] },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: INGRESS },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: {
            labels: { ...labels, ...inMesh(world), "sidecar.istio.io/inject": "true" },
            annotations: { "inject.istio.io/templates": "gateway" },
          },
          spec: {
            terminationGracePeriodSeconds: 1,
            // An attempt to pull the image would keep others from it meanwhile.
            containers: [{ name: "istio-proxy", image: "auto", imagePullPolicy: "Never" }],
          },
        },
      },
    },
  ];
}

/** Of the calling pod. */
export const CALLER = "caller";

/** Whereto its application connects for those who connect to these ports of it. */
export type Relays = Readonly<Record<number, `${string}:${number}`>>;

/** Connects to RELAYS (`port=host:port,…`) for whoever connects here. Runs as the pod's application: its sidecar takes what it sends. */
const RELAY = `
const net = require("node:net");
for (const relay of process.env.RELAYS.split(",")) {
  const [from, host, port] = relay.split(/[=:]/);
  net.createServer((near) => {
    const far = net.connect({ host, port: Number(port) });
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.pipe(far).pipe(near);
  }).listen(Number(from));
}
process.on("SIGTERM", () => process.exit(0));
`;

/** A pod of an application that calls models. Scenarios reach it past its sidecar, so that they can be that application. */
export function callerPod(relays: Relays): Fields {
  const ports = Object.keys(relays);
  const container = {
    name: "application",
    image: "docker.io/graphway/node:1",
    imagePullPolicy: "Never",
    command: ["/usr/local/bin/node", "-e", RELAY],
    env: [
      {
        name: "RELAYS",
        value: Object.entries(relays)
          .map((relay) => relay.join("="))
          .join(","),
      },
    ],
    resources: { requests: { cpu: "10m" } },
    readinessProbe: { tcpSocket: { port: Number(ports[0]) }, periodSeconds: 1 },
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: CALLER,
      labels: { app: CALLER },
      annotations: { "traffic.sidecar.istio.io/excludeInboundPorts": ports.join(",") },
    },
    spec: { terminationGracePeriodSeconds: 1, containers: [container] },
  };
}
