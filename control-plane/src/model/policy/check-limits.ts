import type { Finding } from "../finding.ts";
import type { FieldPath } from "../model.ts";
import type { Deadline, Limits, Retries } from "../route-policy.ts";

export function checkDeadline({ defaultMs, maxMs }: Deadline, at: FieldPath): readonly Finding[] {
  if (defaultMs === undefined || maxMs === undefined || defaultMs <= maxMs) return [];
  const message = `defaultMs ${defaultMs} is above maxMs ${maxMs}`;
  return [{ code: "PolicyDeadlineInvalid", at: [...at, "defaultMs"], message }];
}

export function checkLimits({ requestsPerSecond, burst }: Limits, at: FieldPath): readonly Finding[] {
  if (burst === undefined || requestsPerSecond !== undefined) return [];
  const message = "burst says nothing without requestsPerSecond";
  return [{ code: "PolicyLimitsInvalid", at: [...at, "burst"], message }];
}

/** Tries that can't come to anything. */
export function checkRetries(retries: Retries, deadline: Deadline | undefined, at: FieldPath): readonly Finding[] {
  const { attempts, perTryTimeoutMs, budget } = retries;
  const findings: Finding[] = [];
  if (attempts === 0) {
    const said = Object.keys(retries).filter((field) => field !== "attempts");
    if (said.length > 0) {
      const message = `there are no retries, so ${said.join(", ")} ${said.length === 1 ? "has" : "have"} no effect`;
      findings.push({ code: "PolicyRetriesIdle", at: [...at, "attempts"], message });
    }
    return findings;
  }
  if (budget?.percent === 0 && budget.minConcurrency === 0) {
    const message = "the budget allows no retry at all";
    findings.push({
      code: "PolicyRetriesIdle",
      at: [...at, "budget"],
      message,
      hint: "give it a share, or set attempts to 0",
    });
  }
  const limitMs = deadline?.defaultMs ?? deadline?.maxMs;
  if (limitMs === undefined || perTryTimeoutMs === undefined) return findings;
  const tries = attempts + 1;
  if (tries * perTryTimeoutMs <= limitMs) return findings;
  const message = `${tries} tries of ${perTryTimeoutMs} ms are ${tries * perTryTimeoutMs} ms; the deadline is over after ${limitMs} ms`;
  return [...findings, { code: "PolicyRetriesBeyondDeadline", at: [...at, "perTryTimeoutMs"], message }];
}
