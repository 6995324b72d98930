import type { KubernetesObject } from "../../kubernetes-api/object.ts";

const STATES = ["Available", "Creating", "Failed"] as const;
type CountedState = (typeof STATES)[number] | "Unknown";

/** What is served, counted here and reported to nobody. */
export interface DeploymentCounts {
  readonly byState: Readonly<Record<CountedState, number>>;
  readonly byProtocol: Readonly<Record<string, number>>;
  readonly predictors: number;
  readonly shadows: number;
}

interface Shape {
  readonly status?: { readonly state?: string };
  readonly spec?: {
    readonly protocol?: string;
    readonly predictors?: readonly { readonly shadow?: boolean }[];
  };
}

/** Counts SeldonDeployments as they stand in the cache. */
export function countDeployments(resources: readonly KubernetesObject[]): DeploymentCounts {
  const byState = { Available: 0, Creating: 0, Failed: 0, Unknown: 0 };
  const byProtocol: Record<string, number> = { seldon: 0, tensorflow: 0, v2: 0 };
  let predictors = 0;
  let shadows = 0;
  for (const resource of resources) {
    const { status, spec } = resource as KubernetesObject & Shape;
    byState[STATES.find((one) => one === status?.state) ?? "Unknown"] += 1;
    const protocol = protocolOf(spec?.protocol);
    byProtocol[protocol] = (byProtocol[protocol] ?? 0) + 1;
    const all = spec?.predictors ?? [];
    predictors += all.length;
    shadows += all.filter((one) => one.shadow === true).length;
  }
  return { byState, byProtocol, predictors, shadows };
}

/** A closed set: what a user writes must not make series. */
function protocolOf(text: unknown): "seldon" | "tensorflow" | "v2" {
  if (text === "tensorflow") return "tensorflow";
  return text === "v2" || text === "kfserving" ? "v2" : "seldon";
}
