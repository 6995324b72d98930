import type { PortsInUse } from "../../model/model.ts";
import type { CredentialSource } from "../../plan/workloads/server/download-credentials.ts";
import { sameJson } from "./same-json.ts";

/** Where planning asks for what the resource itself does not say. */
export interface PlanSources {
  readonly portsInUse: PortsInUse;
  /** Secrets for model downloads in the namespace. */
  readonly credentialsOf: CredentialSource;
}

/** What a plan asked while it was made, and what it was answered. */
export interface PlanAnswers {
  /** These sources ask all of it of the others. */
  readonly sources: PlanSources;
  /** True when others would answer the same. */
  holdFor(sources: PlanSources): boolean;
}

type Question = (sources: PlanSources) => unknown;

/** Sources that answer as the given ones do, and keep what they were asked. */
export function notePlanAnswers({ portsInUse, credentialsOf }: PlanSources): PlanAnswers {
  const asked: { readonly question: Question; readonly answer: unknown }[] = [];
  const note = <T>(question: Question, answer: T): T => {
    asked.push({ question, answer });
    return answer;
  };
  return {
    sources: {
      portsInUse: (predictor, container) =>
        note((sources) => sources.portsInUse(predictor, container), portsInUse(predictor, container)),
      credentialsOf: (account) => note((sources) => sources.credentialsOf(account), credentialsOf(account)),
    },
    // Every question is put, whatever the others are answered: who is asked may note it.
    holdFor: (sources) => asked.map(({ question, answer }) => sameJson(question(sources), answer)).every(Boolean),
  };
}
