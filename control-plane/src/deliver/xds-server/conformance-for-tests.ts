import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { versionOf } from "../../render/xds/encode.ts";
import type { EncodedResource } from "../../render/xds/resource.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { createClientStream, type ClientStream } from "./client-stream.ts";
import { createDeltaSubscription, type DeltaRequest } from "./delta-subscription.ts";
import { SEES_ALL } from "./node-view.ts";
import { createResourceStore } from "./resource-store.ts";
import { clusterOf } from "./resources-for-tests.ts";
import { createSotwSubscription, type SotwRequest } from "./sotw-subscription.ts";

/** Types by the names that cases give them. */
const TYPES: Readonly<Record<string, string>> = {
  cds: TYPE.cluster,
  eds: TYPE.endpoints,
  lds: TYPE.listener,
  rds: TYPE.routeConfiguration,
  ecds: TYPE.filterConfig,
  sds: TYPE.secret,
};

/**
 * A line of a case. What comes in is written as
 *
 *     set cds a=1 b=2       the store has these now; a cluster with the content `eds…` fetches its endpoints over the stream
 *     gone cds a            and these no more
 *     wait                  the longest time that routes wait for clusters has gone by
 *     cds +a -b held:c=1    delta: subscribes to a, gives b up, came with c in the version of content 1
 *     cds [a b]             state of the world: asks for these
 *     cds ack +a, nack, stale, first   it also accepts or refuses the newest response, or an older one, or opens another stream
 *
 * and what goes out, all of it and in order, as `-> cds a=1 -b; eds c=1`; `()` stands for an endpoint list without endpoints.
 */
export type Step = string;

export interface ConformanceCase {
  readonly name: string;
  readonly variant: "delta" | "sotw";
  readonly steps: readonly Step[];
}

const WAIT_MS = 5000;

class Driver {
  readonly #store = createResourceStore();
  readonly #texts = new Map<string, string>();
  readonly #variant: ConformanceCase["variant"];
  readonly #nonces = new Map<string, readonly string[]>();
  #delta: ClientStream<DeltaRequest> | undefined;
  #sotw: ClientStream<SotwRequest> | undefined;
  #nowMs = 0;

  constructor(variant: ConformanceCase["variant"]) {
    this.#variant = variant;
    this.#store.onChange((changed) => {
      this.#stream().changed(changed);
    });
    this.connect();
  }

  connect(): void {
    const common = { store: this.#store, view: SEES_ALL, nowMs: () => this.#nowMs, newClusterWaitMs: WAIT_MS };
    this.#nonces.clear();
    if (this.#variant === "delta") this.#delta = createClientStream({ ...common, subscribe: createDeltaSubscription });
    else this.#sotw = createClientStream({ ...common, subscribe: createSotwSubscription });
  }

  #stream(): ClientStream<DeltaRequest> | ClientStream<SotwRequest> {
    const stream = this.#delta ?? this.#sotw;
    if (stream === undefined) throw new Error("no stream");
    return stream;
  }

  #resource(typeUrl: string, name: string, text: string): EncodedResource {
    const made =
      typeUrl === TYPE.cluster && text.startsWith("eds")
        ? clusterOf(name, { ads: {}, resource_api_version: "V3" }, { alt_stat_name: text })
        : { typeUrl, name, bytes: Buffer.from(text), version: versionOf(Buffer.from(text)) };
    this.#texts.set(made.version, text);
    return made;
  }

  set(typeUrl: string, words: readonly string[]): void {
    const resources = words.map((word) => {
      const [name = "", text = ""] = word.split("=");
      return this.#resource(typeUrl, name, text);
    });
    this.#store.apply({ set: resources, remove: [] });
  }

  gone(typeUrl: string, names: readonly string[]): void {
    this.#store.apply({ set: [], remove: names.map((name) => ({ typeUrl, name })) });
  }

  wait(): void {
    this.#nowMs += WAIT_MS + 1;
  }

  request(typeUrl: string, words: readonly string[]): void {
    const has = (word: string): boolean => words.includes(word);
    const nonces = this.#nonces.get(typeUrl) ?? [];
    const answers = has("ack") || has("nack") ? nonces.at(-1) : has("stale") ? nonces.at(-2) : undefined;
    if (answers === undefined && (has("ack") || has("nack") || has("stale"))) throw new Error("nothing to answer");
    const common = { responseNonce: answers ?? "", errorMessage: has("nack") ? "refused" : undefined };
    const after = (lead: string): readonly string[] =>
      words.filter((word) => word.startsWith(lead)).map((word) => word.slice(lead.length));
    const held = after("held:").map((word): [string, string] => {
      const [name = "", text = ""] = word.split("=");
      return [name, versionOf(Buffer.from(text))];
    });
    this.#delta?.receive(typeUrl, {
      ...common,
      subscribe: after("+"),
      unsubscribe: after("-"),
      initialVersions: new Map(held),
    });
    const names =
      words
        .join(" ")
        .match(/\[(.*)\]/)?.[1]
        ?.split(" ") ?? [];
    this.#sotw?.receive(typeUrl, { ...common, names: names.filter((name) => name !== "") });
  }

  /** Everything that goes out now. */
  sent(): string {
    const responses: string[] = [];
    for (let due = this.#stream().next(); due !== undefined; due = this.#stream().next()) {
      const { typeUrl, response } = due;
      this.#nonces.set(typeUrl, [...(this.#nonces.get(typeUrl) ?? []), response.nonce]);
      const type = Object.keys(TYPES).find((name) => TYPES[name] === typeUrl) ?? typeUrl;
      const parts = [
        ...response.resources.map(({ name, resource }) => `${name}=${this.#texts.get(resource.version) ?? "()"}`),
        ...response.removed.map((name) => `-${name}`),
      ];
      responses.push([type, ...parts.sort()].join(" "));
    }
    return responses.join("; ");
  }
}

/** Plays a case; calls `check` for every line that says what goes out. */
export function playCase(
  { variant, steps }: ConformanceCase,
  check: (sent: string, expected: string, step: number) => void,
): void {
  const driver = new Driver(variant);
  steps.forEach((step, index) => {
    const [verb = "", ...words] = step.split(" ").filter((word) => word !== "");
    const typeUrl = (name: string | undefined): string => {
      const found = TYPES[name ?? ""];
      if (found === undefined) throw new Error(`no type in: ${step}`);
      return found;
    };
    if (verb === "->") check(driver.sent(), words.join(" "), index);
    else if (verb === "set") driver.set(typeUrl(words[0]), words.slice(1));
    else if (verb === "gone") driver.gone(typeUrl(words[0]), words.slice(1));
    else if (verb === "wait") driver.wait();
    else if (verb === "connect") driver.connect();
    else driver.request(typeUrl(verb), words);
  });
}

export function delta(name: string, ...steps: readonly Step[]): ConformanceCase {
  return { name, variant: "delta", steps };
}

export function sotw(name: string, ...steps: readonly Step[]): ConformanceCase {
  return { name, variant: "sotw", steps };
}

/** Plays rules of the protocol and traps of Envoy's clients, one case each. */
export function testCases(group: string, cases: readonly ConformanceCase[]): void {
  describe(group, () => {
    for (const one of cases)
      it(one.name, () => {
        let checked = 0;
        playCase(one, (sent, expected, step) => {
          checked += 1;
          assert.equal(sent, expected, `step ${step}: ${one.steps.slice(0, step + 1).join(" | ")}`);
        });
        assert.ok(checked > 0);
      });
  });
}
