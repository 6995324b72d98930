import type { KubernetesObject } from "../../../kubernetes-api/object.ts";
import type { GatewayRequest, ListenerFault, ListenerRequest } from "./read-gateways.ts";

/** What the controller of our class is called in GatewayClasses. */
export const CONTROLLER_NAME = "graphway.dev/gateway";

interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
}

type Said = Omit<Condition, "observedGeneration" | "lastTransitionTime">;

export interface GatewayFacts {
  /** How many deployments are reached through a listener. */
  readonly reached: (listener: ListenerRequest) => number;
  readonly hasCertificate: (secret: string) => boolean;
  /** What is wrong with a Secret as it is now, also where a certificate that it held is still shown. */
  readonly secretFault: (secret: string) => string | undefined;
  /** Why gateways refused what they were told of a listener last: Envoy's words. */
  readonly refusalOf: (listener: ListenerRequest) => string | undefined;
  /** The gateways' Service, if there is one. */
  readonly service: KubernetesObject | undefined;
  readonly serviceName: string;
  /** Gateways have been told of it. */
  readonly isTold: boolean;
  readonly now: string;
}

interface ServiceFields {
  readonly spec?: { readonly clusterIP?: string; readonly ports?: readonly { readonly port: number }[] };
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] };
  };
}

/** The status of a Gateway: conditions of it and of each listener, and where it is reached. */
export function gatewayStatus({ object, listeners }: GatewayRequest, facts: GatewayFacts): Record<string, unknown> {
  const before = (object["status"] ?? {}) as {
    readonly conditions?: readonly Condition[];
    readonly listeners?: readonly { readonly name: string; readonly conditions?: readonly Condition[] }[];
  };
  const generation = object.metadata.generation ?? 0;
  const dated = (said: readonly Said[], old: readonly Condition[] = []): readonly Condition[] =>
    said.map((one) => withTime({ ...one, observedGeneration: generation }, old, facts.now));
  const addresses = addressesOf(facts.service);
  return {
    addresses,
    conditions: dated(gatewayConditions(listeners, addresses.length > 0, facts), before.conditions),
    listeners: listeners.map((listener) => ({
      name: listener.name,
      supportedKinds: [],
      attachedRoutes: faultOf(listener, facts) === undefined ? facts.reached(listener) : 0,
      conditions: dated(
        listenerConditions(listener, facts),
        before.listeners?.find((one) => one.name === listener.name)?.conditions,
      ),
    })),
  };
}

/** The status of the GatewayClass that names us. */
export function classStatus(object: KubernetesObject, now: string): Record<string, unknown> {
  const before = (object["status"] ?? {}) as { readonly conditions?: readonly Condition[] };
  const said: Said = { type: "Accepted", status: "True", reason: "Accepted", message: "Graphway serves this class" };
  const condition = { ...said, observedGeneration: object.metadata.generation ?? 0 };
  return { conditions: [withTime(condition, before.conditions ?? [], now)] };
}

function withTime(said: Omit<Condition, "lastTransitionTime">, before: readonly Condition[], now: string): Condition {
  const old = before.find((one) => one.type === said.type);
  return { ...said, lastTransitionTime: old?.status === said.status ? old.lastTransitionTime : now };
}

function gatewayConditions(
  listeners: readonly ListenerRequest[],
  hasAddress: boolean,
  facts: GatewayFacts,
): readonly Said[] {
  const named = (which: readonly ListenerRequest[], what: string): readonly string[] =>
    which.length === 0 ? [] : [`${what}: ${which.map((one) => one.name).join(", ")}`];
  const bad = listeners.filter((one) => faultOf(one, facts) !== undefined);
  const worn = listeners.filter((one) => !bad.includes(one) && certificateFault(one, facts) !== undefined);
  const refused = listeners.filter((one) => !bad.includes(one) && facts.refusalOf(one) !== undefined);
  const message = [
    ...named(bad, "not served"),
    ...named(worn, "served with the certificates of before"),
    ...named(refused, "refused by gateways"),
  ].join("; ");
  const anyServed = listeners.length > bad.length;
  const accepted: Said =
    message === ""
      ? { type: "Accepted", status: "True", reason: "Accepted", message }
      : { type: "Accepted", status: anyServed ? "True" : "False", reason: "ListenersNotValid", message };
  return [accepted, gatewayProgrammed(anyServed, hasAddress, facts)];
}

function gatewayProgrammed(anyServed: boolean, hasAddress: boolean, { isTold, serviceName }: GatewayFacts): Said {
  const no = (reason: string, message: string): Said => ({ type: "Programmed", status: "False", reason, message });
  if (!anyServed) return no("Invalid", "none of its listeners can be served");
  if (!isTold) return no("Pending", "gateways are being told");
  if (!hasAddress) return no("AddressNotAssigned", `Service ${serviceName} has no address`);
  return { type: "Programmed", status: "True", reason: "Programmed", message: "" };
}

/** Why a listener is not served, a certificate that is not there included. */
function faultOf(listener: ListenerRequest, facts: GatewayFacts): ListenerFault | undefined {
  if (listener.fault !== undefined) return listener.fault;
  const { secrets } = listener;
  return secrets === undefined || secrets.some(facts.hasCertificate) ? undefined : noCertificate(secrets, facts);
}

/** What is wrong with the Secrets of a listener that is served nevertheless, with what they held before or with others. */
function certificateFault({ secrets = [] }: ListenerRequest, facts: GatewayFacts): ListenerFault | undefined {
  const bad = secrets.filter((one) => facts.secretFault(one) !== undefined);
  return bad.length === 0 ? undefined : noCertificate(bad, facts);
}

function noCertificate(
  secrets: readonly string[],
  { hasCertificate, secretFault }: Pick<GatewayFacts, "hasCertificate" | "secretFault">,
): ListenerFault {
  const said = secrets.map((one) => {
    const goesOn = hasCertificate(one) ? "; the certificate that it held goes on being shown" : "";
    return `Secret ${one} ${secretFault(one) ?? "has not been read yet"}${goesOn}`;
  });
  return { condition: "ResolvedRefs", reason: "InvalidCertificateRef", message: said.join("; ") };
}

function listenerConditions(listener: ListenerRequest, facts: GatewayFacts): readonly Said[] {
  const fault = faultOf(listener, facts);
  const told = fault ?? certificateFault(listener, facts);
  const yes = (type: string, reason: string): Said => ({ type, status: "True", reason, message: "" });
  const no = (type: string, reason: string, message = ""): Said => ({ type, status: "False", reason, message });
  const at = (type: string, good: Said, status: Said["status"] = "False"): Said =>
    told?.condition === type ? { type, status, reason: told.reason, message: told.message } : good;
  return [
    at("Accepted", yes("Accepted", "Accepted")),
    at("ResolvedRefs", yes("ResolvedRefs", "ResolvedRefs")),
    at("Conflicted", no("Conflicted", "NoConflicts"), "True"),
    fault === undefined ? programmed(listener, facts) : no("Programmed", "Invalid", fault.message),
  ];
}

function programmed(listener: ListenerRequest, { isTold, refusalOf, service, serviceName }: GatewayFacts): Said {
  const { port } = listener;
  const no = (message: string, reason = "Pending"): Said => ({ type: "Programmed", status: "False", reason, message });
  const refusal = refusalOf(listener);
  if (refusal !== undefined) return no(`a gateway goes on with what it had, because it refused: ${refusal}`, "Invalid");
  if (!isTold) return no("gateways are being told");
  const ports = (service as ServiceFields | undefined)?.spec?.ports ?? [];
  if (!ports.some((one) => one.port === port))
    return no(`Service ${serviceName} has no port ${String(port)}: add it to the chart's gateway.service.ports`);
  return { type: "Programmed", status: "True", reason: "Programmed", message: "" };
}

function addressesOf(service: KubernetesObject | undefined): readonly Record<string, string>[] {
  const { spec, status } = (service ?? {}) as ServiceFields;
  const outside = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) =>
    ip !== undefined
      ? [{ type: "IPAddress", value: ip }]
      : hostname === undefined
        ? []
        : [{ type: "Hostname", value: hostname }],
  );
  if (outside.length > 0) return outside;
  const { clusterIP = "" } = spec ?? {};
  return clusterIP === "" || clusterIP === "None" ? [] : [{ type: "IPAddress", value: clusterIP }];
}
