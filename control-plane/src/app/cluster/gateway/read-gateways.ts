import { readAllowedNamespaces, type AllowedNamespaces, type AllowedRoutesSpec } from "./allowed-namespaces.ts";
import type { MayUseSecret } from "./reference-grants.ts";
import { keyOf, type KubernetesObject } from "../../../kubernetes-api/object.ts";

/** What a Gateway of Gateway API asks of our Envoys. */
export interface GatewayRequest {
  readonly object: KubernetesObject;
  /** `<namespace>/<name>`. */
  readonly key: string;
  readonly listeners: readonly ListenerRequest[];
}

/** One listener of it: what is served, or why nothing is. */
export interface ListenerRequest {
  readonly name: string;
  /** As the Gateway says it. */
  readonly port: number;
  /** Where Envoy listens. */
  readonly envoyPort: number;
  readonly host: string;
  /** Whose deployments are reached through it. */
  readonly allowed: AllowedNamespaces;
  /** Present: TLS with the certificates of these Secrets, `<namespace>/<name>`. */
  readonly secrets?: readonly string[];
  readonly fault?: ListenerFault;
}

/** Why a listener is not served, in the words of Gateway API. */
export interface ListenerFault {
  readonly condition: "Accepted" | "ResolvedRefs" | "Conflicted";
  readonly reason: string;
  readonly message: string;
}

interface ListenerSpec {
  readonly name?: string;
  readonly port?: number;
  readonly protocol?: string;
  readonly hostname?: string;
  readonly allowedRoutes?: AllowedRoutesSpec;
  readonly tls?: {
    readonly mode?: string;
    readonly certificateRefs?: readonly {
      readonly group?: string;
      readonly kind?: string;
      readonly name?: string;
      readonly namespace?: string;
    }[];
  };
}

const FIRST_UNPRIVILEGED_PORT = 1024;
const PRIVILEGED_SHIFT = 8000;

/** Envoy may not take low ports: 80 becomes 8080 and 443 becomes 8443. */
export function envoyPortOf(port: number): number {
  return port < FIRST_UNPRIVILEGED_PORT ? port + PRIVILEGED_SHIFT : port;
}

/** Reads Gateways, oldest first: where two want what only one can have, the older one has it. */
export function readGateways(
  gateways: readonly KubernetesObject[],
  taken: ReadonlySet<number>,
  mayUse: MayUseSecret = () => false,
): readonly GatewayRequest[] {
  const conflicts = createConflicts(taken);
  return [...gateways].sort(byAge).map((object) => {
    const { namespace, name } = keyOf(object);
    const spec = object["spec"] as { readonly listeners?: readonly ListenerSpec[] } | undefined;
    const listeners = (spec?.listeners ?? []).map((one) => conflicts.settle(readListener(one, namespace, mayUse)));
    return { object, key: `${namespace}/${name}`, listeners };
  });
}

function byAge(one: KubernetesObject, other: KubernetesObject): number {
  const textOf = ({ metadata }: KubernetesObject): string =>
    `${metadata.creationTimestamp ?? ""} ${metadata.namespace ?? ""}/${metadata.name}`;
  return textOf(one) < textOf(other) ? -1 : 1;
}

function readListener(spec: ListenerSpec, namespace: string, mayUse: MayUseSecret): ListenerRequest {
  const port = spec.port ?? 0;
  const host = spec.hostname === undefined || spec.hostname === "" ? "*" : spec.hostname;
  const allowed = readAllowedNamespaces(spec.allowedRoutes, namespace);
  const read = { name: spec.name ?? "", port, envoyPort: envoyPortOf(port), host, allowed };
  const protocol = spec.protocol ?? "";
  if (protocol === "HTTP") return read;
  if (protocol !== "HTTPS")
    return { ...read, fault: unsupported(`protocol ${protocol} is not served; HTTP and HTTPS are`) };
  if ((spec.tls?.mode ?? "Terminate") !== "Terminate")
    return { ...read, fault: unsupported("TLS is ended here: mode Passthrough is not served") };
  const refs = spec.tls?.certificateRefs ?? [];
  const secrets = refs.map((one) => `${one.namespace ?? namespace}/${one.name ?? ""}`);
  const fault = refs.map((one) => faultOfRef(one, namespace, mayUse)).find((one) => one !== undefined);
  if (fault !== undefined) return { ...read, secrets, fault };
  if (secrets.length > 0) return { ...read, secrets };
  const message = "HTTPS needs a Secret in tls.certificateRefs";
  return { ...read, secrets, fault: { condition: "ResolvedRefs", reason: "InvalidCertificateRef", message } };
}

function unsupported(message: string): ListenerFault {
  return { condition: "Accepted", reason: "UnsupportedProtocol", message };
}

function faultOfRef(
  ref: NonNullable<NonNullable<ListenerSpec["tls"]>["certificateRefs"]>[number],
  namespace: string,
  mayUse: MayUseSecret,
): ListenerFault | undefined {
  if ((ref.group ?? "") !== "" || (ref.kind ?? "Secret") !== "Secret") {
    const message = `certificateRefs: ${ref.kind ?? ""} ${ref.name ?? ""} is no Secret`;
    return { condition: "ResolvedRefs", reason: "InvalidCertificateRef", message };
  }
  if (ref.namespace === undefined || ref.namespace === namespace) return undefined;
  if (mayUse(namespace, { namespace: ref.namespace, name: ref.name ?? "" })) return undefined;
  const message = `certificateRefs: no ReferenceGrant permits the use of Secret ${ref.namespace}/${ref.name ?? ""}`;
  return { condition: "ResolvedRefs", reason: "RefNotPermitted", message };
}

/** Who has which port, and who has which name on it. */
function createConflicts(taken: ReadonlySet<number>) {
  const ports = new Map<number, ListenerRequest>();
  const certificates = new Map<string, string>();

  function faultOf(listener: ListenerRequest): ListenerFault | undefined {
    const { envoyPort, port, host, secrets } = listener;
    const first = ports.get(envoyPort);
    if (taken.has(envoyPort) || (first !== undefined && first.port !== port)) {
      const message = `port ${String(port)} would be ${String(envoyPort)} in the pod, which is taken`;
      return { condition: "Accepted", reason: "PortUnavailable", message };
    }
    if (first !== undefined && (first.secrets === undefined) !== (secrets === undefined)) {
      const message = `port ${String(port)} speaks ${secrets === undefined ? "HTTPS" : "HTTP"} already`;
      return { condition: "Conflicted", reason: "ProtocolConflict", message };
    }
    const shown = certificates.get(`${String(envoyPort)} ${host}`);
    if (secrets !== undefined && shown !== undefined && shown !== secrets.join()) {
      const message = `another listener shows other certificates for ${host} on port ${String(port)}`;
      return { condition: "Conflicted", reason: "HostnameConflict", message };
    }
    return undefined;
  }

  return {
    settle(listener: ListenerRequest): ListenerRequest {
      if (listener.fault !== undefined) return listener;
      const fault = faultOf(listener);
      if (fault !== undefined) return { ...listener, fault };
      ports.set(listener.envoyPort, ports.get(listener.envoyPort) ?? listener);
      if (listener.secrets !== undefined)
        certificates.set(`${String(listener.envoyPort)} ${listener.host}`, listener.secrets.join());
      return listener;
    },
  };
}
