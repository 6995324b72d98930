import type { ExampleRequest } from "./example-request.ts";
import type { Explainer } from "./explain.ts";
import type { Problem } from "../../problem/problem.ts";

/** How many of a number of requests that differ in their ids went where. */
export interface Distribution {
  readonly requests: number;
  readonly predictors: Readonly<Record<string, number>>;
  readonly shadows: Readonly<Record<string, number>>;
  /** Requests that each rule of the policy took. */
  readonly rules: Readonly<Record<string, number>>;
}

class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** Sends the same request again and again, each time with the next id. Ends at the first problem. */
export function distribute(
  explainer: Explainer,
  request: ExampleRequest,
  ids: Iterable<string>,
): { readonly value: Distribution; readonly problems: readonly Problem[] } {
  const [predictors, shadows, rules] = [new Tally(), new Tally(), new Tally()];
  let requests = 0;
  let problems: readonly Problem[] = [];
  for (const requestId of ids) {
    const explained = explainer.explain({ ...request, requestId });
    ({ problems } = explained);
    if (explained.value === undefined || problems.length > 0) break;
    requests += 1;
    predictors.add(explained.value.predictor);
    explained.value.shadows.forEach((name) => {
      shadows.add(name);
    });
    if (explained.value.rule !== undefined) rules.add(explained.value.rule);
  }
  return {
    value: { requests, predictors: predictors.counts, shadows: shadows.counts, rules: rules.counts },
    problems,
  };
}
