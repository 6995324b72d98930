/** Labels that an object must have, as Kubernetes writes it. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key?: string;
    readonly operator?: string;
    readonly values?: readonly string[];
  }[];
}

/** `allowedRoutes` of a listener. */
export interface AllowedRoutesSpec {
  readonly namespaces?: { readonly from?: string; readonly selector?: LabelSelector };
}

/** From which namespaces deployments may be reached through a listener. */
export type AllowedNamespaces =
  | { readonly from: "All" }
  | { readonly from: "Same"; readonly namespace: string }
  | { readonly from: "Selector"; readonly selector: LabelSelector };

/** Labels of a namespace; undefined: it is not known. */
export type LabelsOf = (namespace: string) => Readonly<Record<string, string>> | undefined;

/** Gateway API: what says nothing allows the Gateway's own namespace. */
export function readAllowedNamespaces(spec: AllowedRoutesSpec | undefined, namespace: string): AllowedNamespaces {
  const { from = "Same", selector = {} } = spec?.namespaces ?? {};
  if (from === "All") return { from };
  return from === "Selector" ? { from, selector } : { from: "Same", namespace };
}

/** Whether deployments of the namespace are allowed; `labelsOf` is asked only where labels decide. */
export function allowsNamespace(allowed: AllowedNamespaces, namespace: string, labelsOf: LabelsOf): boolean {
  switch (allowed.from) {
    case "All":
      return true;
    case "Same":
      return allowed.namespace === namespace;
    case "Selector": {
      const labels = labelsOf(namespace);
      return labels !== undefined && matches(allowed.selector, labels);
    }
  }
}

function matches(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Readonly<Record<string, string>>,
): boolean {
  const hasLabels = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
  return hasLabels && matchExpressions.every((one) => holds(one, labels));
}

function holds(
  { key = "", operator = "", values = [] }: NonNullable<LabelSelector["matchExpressions"]>[number],
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labels[key];
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}
