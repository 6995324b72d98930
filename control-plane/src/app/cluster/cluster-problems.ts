import type { RolloutSettings } from "../../deliver/rollout/rollout-step.ts";
import { problem, type Problem } from "../../problem/problem.ts";

/** What every SeldonDeployment must say of a cluster that lacks kinds which are switched on. */
export function missingKindProblems(missing: readonly string[]): readonly Problem[] {
  return missing.filter(isWritten).map((kind) =>
    problem("ClusterKindMissing", {
      message: `the API server knows no ${kind}, and ${switchOf(kind)} asks for it`,
    }),
  );
}

/** What a deployment says when an orchestrator refused the newest graph that is meant for it: the orchestrator's words. */
export function refusalProblems(key: string, refusal: string | undefined): readonly Problem[] {
  if (refusal === undefined) return [];
  return [problem("ConfigRefused", { object: key, message: `an orchestrator refused its graph: ${refusal}` })];
}

/** Proxies that are named of those that are too old. */
const NAMED_PROXIES = 3;

/** What a deployment says of proxies that are too old for its routes: why each is, the same in whatever order they came. */
export function oldProxyProblems(key: string, why: readonly string[]): readonly Problem[] {
  if (why.length === 0) return [];
  const more = why.length > NAMED_PROXIES ? `; and ${why.length - NAMED_PROXIES} more` : "";
  const message = `proxies are too old for its routes: ${[...why].sort().slice(0, NAMED_PROXIES).join("; ")}${more}`;
  return [problem("EnvoyTooOld", { object: key, path: "spec", message })];
}

/** Kinds that are written; without the others there is nothing to write for. */
function isWritten(kind: string): boolean {
  return kind === "VirtualService" || kind === "DestinationRule" || kind === "ScaledObject";
}

function switchOf(kind: string): string {
  return kind === "ScaledObject" ? "KEDA_ENABLED" : "ISTIO_ENABLED";
}

/** What can't be written as its kinds are missing is not tried. */
export function withoutMissing(rollout: RolloutSettings, missing: readonly string[]): RolloutSettings {
  if (missing.length === 0) return rollout;
  const hasIstio = !missing.includes("VirtualService") && !missing.includes("DestinationRule");
  return {
    ...rollout,
    istio: rollout.istio && hasIstio,
    keda: rollout.keda && !missing.includes("ScaledObject"),
  };
}
