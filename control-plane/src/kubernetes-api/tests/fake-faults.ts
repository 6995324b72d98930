/** What one call asked for. */
export interface FakeRequest {
  readonly verb: "get" | "list" | "watch" | "apply" | "create" | "replace" | "patch" | "delete" | "discover";
  readonly kind: string;
  /** Empty: all namespaces, or none. */
  readonly namespace: string;
  /** Empty for lists, watches and creations. */
  readonly name: string;
  readonly subresource: string | undefined;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As JSON; undefined when there was none. */
  readonly body: unknown;
}

/** How a call goes wrong. */
export type Fault =
  /** Answers with this status; `Retry-After` in seconds. */
  | {
      readonly status: number;
      readonly reason?: string;
      readonly message?: string;
      readonly retryAfterSeconds?: number;
    }
  /** `reset`: the connection breaks before anything is done. `lose-answer`: after it is done. `hang`: nobody ever answers. */
  | { readonly then: "reset" | "lose-answer" | "hang" }
  /** Half an answer, then a broken connection; not JSON; a Status as an event in a watch (`streamStatus`). */
  | { readonly then: "cut-off" | "garbage" }
  | { readonly then: "stream-error"; readonly status: number }
  /** A watch that sends nothing on, though its connection stands. */
  | { readonly then: "half-open" }
  /** Answers as usual, after this time. */
  | { readonly then: "slow"; readonly delayMs: number };

/** Which calls go wrong, how, and how often. */
export type FaultRule = Fault & {
  readonly verb?: FakeRequest["verb"];
  readonly kind?: string;
  readonly name?: string;
  readonly when?: (request: FakeRequest) => boolean;
  /** Default 1. */
  readonly times?: number;
};

/** Rules in the order they were given; each is used up after its times. */
export class FaultScript {
  #rules: { readonly rule: FaultRule; left: number }[] = [];

  add(rule: FaultRule): void {
    this.#rules.push({ rule, left: rule.times ?? 1 });
  }

  clear(): void {
    this.#rules = [];
  }

  take(request: FakeRequest): Fault | undefined {
    const found = this.#rules.find(({ rule, left }) => left > 0 && fits(rule, request));
    if (found === undefined) return undefined;
    found.left--;
    return found.rule;
  }
}

function fits(rule: FaultRule, request: FakeRequest): boolean {
  return (
    (rule.verb === undefined || rule.verb === request.verb) &&
    (rule.kind === undefined || rule.kind === request.kind) &&
    (rule.name === undefined || rule.name === request.name) &&
    rule.when?.(request) !== false
  );
}
