import { FIELD_MANAGER } from "../../../deliver/rollout/managed-fields.ts";
import type { ApiClient } from "../../../kubernetes-api/api-client.ts";
import type { Clock } from "../../../kubernetes-api/clock.ts";
import { keyOf, type KubernetesObject } from "../../../kubernetes-api/object.ts";
import { RESOURCE, type ResourceType } from "../../../kubernetes-api/resource-types.ts";
import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import type { Problem } from "../../../problem/problem.ts";
import type { GatewayPort } from "../../../render/xds/gateway-listeners.ts";
import { startReflector, type Reflector, type ReflectorOptions } from "../../../source/kubernetes/reflector.ts";
import type { ReportError } from "../report-error.ts";
import { sameJson } from "../same-json.ts";
import type { GatewaySettings } from "../settings/cluster-settings.ts";
import type { LabelsOf } from "./allowed-namespaces.ts";
import { watchCertificates, type Certificate } from "./certificates.ts";
import { admissions, countReached, portsOf } from "./gateway-ports.ts";
import { classStatus, CONTROLLER_NAME, gatewayStatus } from "./gateway-status.ts";
import { mayUseSecret } from "./reference-grants.ts";
import { readGateways, type GatewayRequest, type ListenerRequest } from "./read-gateways.ts";
import { unreached } from "./unreached.ts";

export interface GatewayObjectsOptions {
  readonly client: ApiClient;
  readonly settings: GatewaySettings;
  /** Where to look for Gateways; undefined: everywhere. */
  readonly namespace: string | undefined;
  readonly ownNamespace: string;
  readonly clock: Clock;
  readonly isLeader: () => boolean;
  /** Istio's gateways serve too. */
  readonly besideIstio: boolean;
  /** What gateways are to serve. */
  readonly deployments: () => readonly DeploymentPlan[];
  /** What Envoys are to listen on may have changed. */
  readonly onChange: () => void;
  /** A certificate is there, was changed or, undefined, has gone; under its SDS name. */
  readonly onCertificate: (name: string, certificate: Certificate | undefined) => void;
  /** Why gateways refused the newest of a listener; undefined: they did not. */
  readonly refusalOf: (listener: ListenerRequest) => string | undefined;
  readonly reportError: ReportError;
}

/** The Gateways of our class, and their status. Without any there is one plain listener. */
export interface GatewayObjects {
  readonly reflectors: ReadonlyMap<string, Reflector>;
  readonly synced: Promise<void>;
  ports(): readonly GatewayPort[];
  /** Of deployments that no listener lets in. */
  problems(): readonly Problem[];
  /** Envoys have been told of what `ports` said last: statuses say so. */
  told(): void;
  stop(): Promise<void>;
}

/** Where gateways answer probes and Prometheus. */
const TAKEN_PORTS: ReadonlySet<number> = new Set([8090, 8091]);
/** How often it is looked whether a status is still right: the Service may have got its address meanwhile. */
const STATUS_CHECK_MS = 5000;
const HOST_ANY = "*";

export function startGatewayObjects(options: GatewayObjectsOptions): GatewayObjects {
  const { client, settings, clock, reportError, onChange } = options;
  const start = (type: ResourceType, where: Pick<ReflectorOptions, "namespace" | "fieldSelector"> = {}): Reflector =>
    startReflector({
      client,
      type,
      ...where,
      clock,
      onError: (error) => {
        reportError(`watching ${type.kind}`, error);
      },
    });
  const gateways = start(RESOURCE.gateway, options.namespace === undefined ? {} : { namespace: options.namespace });
  const classes = start(RESOURCE.gatewayClass);
  const service = start(RESOURCE.service, {
    namespace: options.ownNamespace,
    fieldSelector: `metadata.name=${settings.service}`,
  });
  const grants = start(
    RESOURCE.referenceGrant,
    options.namespace === undefined ? {} : { namespace: options.namespace },
  );
  // Who sees one namespace alone has no right to read it.
  const namespaces = options.namespace === undefined ? start(RESOURCE.namespace) : undefined;
  const reflectors = [gateways, classes, service, grants, ...(namespaces === undefined ? [] : [namespaces])];
  const labelsOf: LabelsOf = (name) => {
    const found = namespaces?.get({ namespace: "", name });
    return found && (found.metadata.labels ?? {});
  };
  const certificates = watchCertificates({
    client,
    clock,
    onChange: (secret, certificate) => {
      options.onCertificate(secret, certificate);
      onChange();
    },
    onError: (secret, error) => {
      reportError(`reading Secret ${secret}`, error);
    },
  });
  let isTold = false;
  let writing: Promise<void> | undefined;

  function isOurs(gateway: KubernetesObject): boolean {
    const { gatewayClassName } = gateway["spec"] as { readonly gatewayClassName?: string };
    if (gatewayClassName === undefined) return false;
    const found = classes.get({ namespace: "", name: gatewayClassName });
    return found === undefined ? gatewayClassName === settings.gatewayClass : isOurClass(found);
  }

  function requests(): readonly GatewayRequest[] {
    const ours = gateways.list().filter((one) => one.metadata.deletionTimestamp === undefined && isOurs(one));
    return readGateways(ours, TAKEN_PORTS, mayUseSecret(grants.list()));
  }

  function wantCertificates(): void {
    const listeners = requests().flatMap((one) => one.listeners);
    certificates.want(new Set(listeners.flatMap((one) => (one.fault === undefined ? (one.secrets ?? []) : []))));
  }

  namespaces?.onChange((_, now, before) => {
    if (!sameJson(now?.metadata.labels, before?.metadata.labels)) onChange();
  });
  for (const one of [gateways, classes, grants])
    one.onChange((_, now, before) => {
      if (sameJson(now?.["spec"], before?.["spec"]) && now?.metadata.deletionTimestamp === undefined) return;
      isTold = false;
      wantCertificates();
      onChange();
    });

  async function writeStatuses(): Promise<void> {
    if (!options.isLeader()) return;
    const now = new Date(clock.nowMs()).toISOString().replace(/\.\d+Z$/, "Z");
    for (const one of classes.list().filter(isOurClass)) await write(RESOURCE.gatewayClass, one, classStatus(one, now));
    const found = requests();
    const plans = options.deployments();
    const admitted = admissions(found, plans, labelsOf);
    const facts = {
      reached: (listener: ListenerRequest) => countReached(listener, admitted.get(listener) ?? new Set(), plans),
      hasCertificate: (secret: string) => certificates.has(secret),
      secretFault: (secret: string) => certificates.faultOf(secret),
      refusalOf: options.refusalOf,
      service: service.get({ namespace: options.ownNamespace, name: settings.service }),
      serviceName: settings.service,
      isTold,
      now,
    };
    for (const one of found) await write(RESOURCE.gateway, one.object, gatewayStatus(one, facts));
  }

  async function write(type: ResourceType, object: KubernetesObject, status: Record<string, unknown>): Promise<void> {
    if (sameJson(object["status"], status)) return;
    try {
      const options = { subresource: "status", fieldManager: FIELD_MANAGER } as const;
      const written = await client.patch(type, keyOf(object), { status }, options);
      (type === RESOURCE.gateway ? gateways : classes).put(written);
    } catch (error) {
      reportError(`the status of ${type.kind} ${object.metadata.name}`, error);
    }
  }

  function updateStatuses(): void {
    writing ??= writeStatuses()
      .catch((error: unknown) => {
        reportError("statuses of Gateways", error);
      })
      .finally(() => {
        writing = undefined;
      });
  }

  const check = setInterval(updateStatuses, STATUS_CHECK_MS);
  return {
    reflectors: new Map([
      [RESOURCE.gateway.kind, gateways],
      [RESOURCE.gatewayClass.kind, classes],
    ]),
    // Certificates too: what gateways have must not seem to be gone.
    synced: Promise.all(reflectors.map((one) => one.synced)).then(() => {
      wantCertificates();
      return certificates.looked();
    }),
    ports: () => {
      const found = requests();
      if (found.length === 0) return [{ port: settings.port, doors: [{ host: HOST_ANY }] }];
      return portsOf(found, options.deployments(), (secret) => certificates.has(secret), labelsOf);
    },
    problems: () =>
      unreached(requests(), options.deployments(), {
        hasCertificate: (secret) => certificates.has(secret),
        labelsOf,
        besideIstio: options.besideIstio,
      }),
    told: () => {
      isTold = true;
      updateStatuses();
    },
    stop: async () => {
      clearInterval(check);
      for (const one of reflectors) one.stop();
      await Promise.all([...reflectors.map((one) => one.stopped), certificates.stop(), writing]);
    },
  };
}

function isOurClass(object: KubernetesObject): boolean {
  const { controllerName } = (object["spec"] ?? {}) as { readonly controllerName?: string };
  return controllerName === CONTROLLER_NAME;
}
