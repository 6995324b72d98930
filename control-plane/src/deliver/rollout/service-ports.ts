import type { KubernetesObject } from "../../kubernetes-api/object.ts";

/** A port of a Service. */
export interface ServicePort {
  readonly name?: string | undefined;
  readonly port: number;
}

export function portsOf(service: KubernetesObject): readonly ServicePort[] {
  const spec = service["spec"] as { readonly ports?: readonly ServicePort[] } | undefined;
  return spec?.ports ?? [];
}
