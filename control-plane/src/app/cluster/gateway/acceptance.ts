import type { ProgrammedCount } from "../../../deliver/programmed/programmed.ts";
import { readGatewayNode } from "../../../deliver/xds-identity/gateway-views.ts";
import { tooOld } from "../../../deliver/xds-identity/proxy-age.ts";
import type { NamedVersion, XdsEvent, XdsPeer } from "../../../deliver/xds-server/events.ts";
import { refusedAmong } from "../../../deliver/xds-server/refused-names.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import { createVersionHistory, type VersionHistory } from "./version-history.ts";

/** Of one type and name. */
export interface WantedResource extends NamedVersion {
  readonly typeUrl: string;
}

/** One deployment as gateways are to serve it. */
export interface ServedDeployment {
  readonly key: string;
  /** Another object when anything of it is other than before. */
  readonly plan: object;
  /** It alone is in these: its clusters. */
  readonly own: readonly WantedResource[];
}

/** Everything that gateways are to have. */
export interface WantedState {
  readonly deployments: readonly ServedDeployment[];
  /** All deployments are in these: routes and the table. */
  readonly shared: readonly WantedResource[];
  /** Deployments of which the table does not say the newest, for want of room or because it cannot; absent: none. */
  readonly leftOut?: ReadonlySet<string>;
}

/**
 * Which deployments our gateways have taken in. Routes and the table hold all of them and change for each, so what counts is not
 * whether a gateway has the newest, but whether what it has says the newest of a deployment.
 */
export interface GatewayAcceptance {
  /** From now on gateways are to have this. */
  wants(state: WantedState): void;
  /** Every event of the xDS server. */
  onEvent(event: XdsEvent): void;
  /** Undefined: gateways do not serve it, or there are none. */
  count(key: string): ProgrammedCount | undefined;
  /** Why gateways did not take in the newest of a deployment: Envoy's words. */
  refusals(key: string): readonly string[];
  /** Why gateways that are to serve it are too old for it. */
  tooOld(key: string): readonly string[];
}

interface Wanted extends ServedDeployment {
  /** The revision in which it changed last. */
  readonly changedAt: number;
  /** No gateway can have the newest of it. */
  readonly isLeftOut: boolean;
}

/** What one gateway said last of each resource. */
interface Answers {
  /** Why it is too old. */
  readonly tooOld: string | undefined;
  readonly accepted: Map<string, string>;
  readonly refused: Map<string, { readonly version: string; readonly message: string }>;
}

const COUNTED: ReadonlySet<string> = new Set([TYPE.cluster, TYPE.routeConfiguration, TYPE.filterConfig]);

export interface GatewayAcceptanceOptions {
  /** Called with the keys of deployments that may count otherwise. */
  readonly onProgress: (keys: readonly string[]) => void;
  /** What a version is called in what is wanted, where that is something else. */
  readonly wantedAs: (version: string) => string;
}

export function createGatewayAcceptance({ onProgress, wantedAs }: GatewayAcceptanceOptions): GatewayAcceptance {
  const streams = new Map<number, Answers>();
  const histories = new Map<string, VersionHistory>();
  let shared: readonly string[] = [];
  const wanted = new Map<string, Wanted>();
  const ownerOf = new Map<string, string>();
  let revision = 0;
  let last: WantedState = { deployments: [], shared: [] };

  const changedFrom = (first: number): readonly string[] =>
    [...wanted.values()].filter(({ changedAt }) => changedAt >= first).map(({ key }) => key);

  function wants(state: WantedState): void {
    revision += 1;
    const isLeftOut = ({ key }: ServedDeployment): boolean => state.leftOut?.has(key) === true;
    const hasLeftOut = [state, last].some(({ leftOut }) => leftOut !== undefined && leftOut.size > 0);
    const changed = state.deployments.filter((one, at) => {
      // Most are the very same objects where they were, which is told without a look at their names.
      if (one === last.deployments[at] && !hasLeftOut) return false;
      const before = wanted.get(one.key);
      return before?.plan !== one.plan || before.isLeftOut !== isLeftOut(one);
    });
    const before = changed.flatMap(({ key }) => wanted.get(key) ?? []);
    for (const one of changed) wanted.set(one.key, { ...one, changedAt: revision, isLeftOut: isLeftOut(one) });
    const gone = goneFrom(state.deployments);
    for (const { key } of gone) wanted.delete(key);
    for (const { own } of [...before, ...gone]) for (const one of own) ownerOf.delete(keyOf(one));
    for (const { key, own } of changed) for (const one of own) ownerOf.set(keyOf(one), key);
    shared = state.shared.map(keyOf);
    for (const one of state.shared) historyOf(keyOf(one)).add(revision, one.version);
    const isShared = new Set(shared);
    for (const key of histories.keys()) if (!isShared.has(key)) histories.delete(key);
    for (const one of [...before, ...gone]) forgetGone(one);
    last = state;
    onProgress([...changed, ...gone].map(({ key }) => key));
  }

  /** Those that are wanted, all new ones among them, and stand there no more. */
  function goneFrom(deployments: readonly ServedDeployment[]): readonly Wanted[] {
    if (wanted.size === deployments.length) return [];
    const there = new Set(deployments.map(({ key }) => key));
    return [...wanted.values()].filter(({ key }) => !there.has(key));
  }

  /** What gateways are to drop: should it come back, they have it only when they say so again. */
  function forgetGone({ own }: ServedDeployment): void {
    for (const key of own.map(keyOf))
      if (!ownerOf.has(key))
        for (const { accepted, refused } of streams.values()) {
          accepted.delete(key);
          refused.delete(key);
        }
  }

  function historyOf(key: string): VersionHistory {
    const known = histories.get(key) ?? createVersionHistory();
    histories.set(key, known);
    return known;
  }

  function answersOf({ stream, node }: XdsPeer): Answers {
    const known = streams.get(stream);
    if (known !== undefined) return known;
    const answers: Answers = { tooOld: tooOld(node), accepted: new Map(), refused: new Map() };
    streams.set(stream, answers);
    onProgress(changedFrom(0));
    return answers;
  }

  function accept(answers: Answers, key: string, version: string): void {
    const before = answers.accepted.get(key);
    answers.accepted.set(key, version);
    answers.refused.delete(key);
    progress(key, before);
  }

  function refuse(answers: Answers, key: string, version: string, message: string): void {
    answers.refused.set(key, { version, message });
    progress(key, answers.accepted.get(key));
  }

  /** Whoever waits for something newer of the resource than `version` may count otherwise. */
  function progress(key: string, version: string | undefined): void {
    const owner = ownerOf.get(key);
    if (owner !== undefined) onProgress([owner]);
    const outdatedAt = histories.get(key)?.outdatedAt(version);
    if (outdatedAt !== undefined) onProgress(changedFrom(outdatedAt));
  }

  /** Calls back for everything that the deployment needs and the gateway does not have. */
  function eachLack({ own, changedAt }: Wanted, { accepted }: Answers, visit: (key: string) => void): void {
    for (const one of own) if (accepted.get(keyOf(one)) !== one.version) visit(keyOf(one));
    for (const key of shared) {
      const version = accepted.get(key);
      if (version === undefined || histories.get(key)?.covers(version, changedAt) !== true) visit(key);
    }
  }

  /** Whether what was refused is what the deployment waits for, and not something older. */
  function isOfNewest({ own, changedAt }: Wanted, key: string, version: string): boolean {
    const mine = own.find((one) => keyOf(one) === key);
    return mine === undefined ? histories.get(key)?.covers(version, changedAt) === true : mine.version === version;
  }

  function forget(stream: number): void {
    if (streams.delete(stream)) onProgress(changedFrom(0));
  }

  return {
    wants,
    onEvent(event) {
      const { stream, node } = event.peer;
      if (event.kind === "disconnect") {
        forget(stream);
        return;
      }
      if (event.kind === "connect" || !COUNTED.has(event.typeUrl) || readGatewayNode(node) === undefined) return;
      const answers = answersOf(event.peer);
      const { typeUrl } = event;
      const refused = event.kind === "nack" ? refusedIn(event) : [];
      for (const one of event.kind === "subscribe" ? (event.held ?? []) : event.resources) {
        const [key, version] = [keyOf({ typeUrl, name: one.name }), wantedAs(one.version)];
        if (event.kind === "nack" && refused.includes(one)) refuse(answers, key, version, event.message);
        else accept(answers, key, version);
      }
    },
    count(key) {
      const one = wanted.get(key);
      if (one === undefined || streams.size === 0) return undefined;
      if (one.isLeftOut) return { accepted: 0, subscribed: streams.size };
      let accepted = 0;
      for (const answers of streams.values()) {
        let lacks = 0;
        eachLack(one, answers, () => (lacks += 1));
        if (lacks === 0) accepted += 1;
      }
      return { accepted, subscribed: streams.size };
    },
    refusals(key) {
      const one = wanted.get(key);
      if (one === undefined) return [];
      const found = new Set<string>();
      for (const answers of streams.values())
        eachLack(one, answers, (lacking) => {
          const refused = answers.refused.get(lacking);
          if (refused !== undefined && isOfNewest(one, lacking, refused.version)) found.add(refused.message);
        });
      return [...found];
    },
    tooOld: (key) => (wanted.has(key) ? [...new Set([...streams.values()].flatMap((one) => one.tooOld ?? []))] : []),
  };
}

/** Of clusters Envoy takes the good ones; of others it is sent each by itself afterwards. */
function refusedIn({ typeUrl, resources, message }: Extract<XdsEvent, { kind: "nack" }>): readonly NamedVersion[] {
  return typeUrl === TYPE.cluster ? refusedAmong(resources, message) : resources;
}

function keyOf({ typeUrl, name }: Pick<WantedResource, "typeUrl" | "name">): string {
  return `${typeUrl} ${name}`;
}
