import type { StickyKeySource } from "../annotation-values.ts";
import type { Finding } from "../finding.ts";
import { readDeploymentAnnotations } from "../read-annotations.ts";
import type { Retries, RoutePolicy, Sticky, StickyPart } from "../route-policy.ts";
import type { SeldonDeployment } from "../seldon-deployment.ts";

const STICKY_KEY = "graphway.dev/sticky-key";
const RETRY_KEYS = ["seldon.io/istio-retries", "seldon.io/ambassador-retries"] as const;

/** Says when a policy overrides what an annotation asks for. */
export function checkAgreement(deployment: SeldonDeployment, policy: RoutePolicy | undefined): readonly Finding[] {
  if (policy === undefined) return [];
  const { stickyKey, retries } = readDeploymentAnnotations(deployment);
  const { spec } = policy;
  const findings: Finding[] = [];
  const disagree = (key: string, given: string, asked: string): void => {
    const site = deployment.spec.annotations?.[key] === undefined ? ["metadata"] : ["spec"];
    const message = `RoutePolicy ${policy.metadata.name ?? ""} says ${given}, the annotation ${asked}`;
    findings.push({ code: "PolicyOverridesAnnotation", at: [...site, "annotations", key], message });
  };
  if (stickyKey !== undefined && spec.sticky !== undefined) {
    const given = stickyKeysOf(spec.sticky).map(describeKey).join(", ");
    if (given !== describeKey(stickyKey)) disagree(STICKY_KEY, given, describeKey(stickyKey));
  }
  const key = RETRY_KEYS.find((one) => annotationsOf(deployment)[one] !== undefined);
  if (key !== undefined && retries !== undefined && spec.retries !== undefined) {
    const [given, asked] = [describeRetries(spec.retries), describeRetries(retries)];
    if (given !== asked) disagree(key, given, asked);
  }
  return findings;
}

function annotationsOf({ metadata, spec }: SeldonDeployment): Readonly<Record<string, string>> {
  return { ...metadata.annotations, ...spec.annotations };
}

/** The sticky keys of a checked policy. Header names count in lower case. */
export function stickyKeysOf(sticky: Sticky): readonly StickyKeySource[] {
  return (sticky.keys ?? [sticky]).flatMap((part) => stickyKeyOf(part) ?? []);
}

/** One of them. */
export function stickyKeyOf({ header, cookie, query }: StickyPart): StickyKeySource | undefined {
  if (header !== undefined) return { kind: "header", name: header.toLowerCase() };
  if (cookie !== undefined) return { kind: "cookie", name: cookie };
  return query === undefined ? undefined : { kind: "query", name: query };
}

function describeKey({ kind, name }: StickyKeySource): string {
  return `${kind}:${name}`;
}

function describeRetries({ attempts, perTryTimeoutMs }: Pick<Retries, "attempts" | "perTryTimeoutMs">): string {
  return `${attempts} retries${perTryTimeoutMs === undefined ? "" : ` of ${perTryTimeoutMs} ms`}`;
}
