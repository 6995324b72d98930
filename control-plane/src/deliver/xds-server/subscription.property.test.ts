import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { versionOf } from "../../render/xds/encode.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { createDeltaSubscription, type DeltaRequest } from "./delta-subscription.ts";
import { SEES_ALL, visibleResources, type VisibleResources } from "./node-view.ts";
import { createResourceStore, type ResourceStore } from "./resource-store.ts";
import { createSotwSubscription, type SotwRequest } from "./sotw-subscription.ts";
import { WILDCARD, type Subscription, type SubscriptionRequest, type SubscriptionResponse } from "./subscription.ts";

const NAMES = ["a", "b", "c"];
const REFUSED_CONTENT = "bad";

type Step =
  | { readonly do: "set"; readonly name: string; readonly content: string }
  | { readonly do: "remove" | "subscribe" | "unsubscribe"; readonly name: string }
  | { readonly do: "send" | "exchange" | "reconnect" };

const name = fc.constantFrom(...NAMES);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("set" as const), name, content: fc.constantFrom("1", "2", "3", REFUSED_CONTENT) }),
  fc.record({ do: fc.constant("remove" as const), name }),
  fc.record({
    do: fc.constantFrom("subscribe" as const, "unsubscribe" as const),
    name: fc.constantFrom(...NAMES, WILDCARD),
  }),
  fc.record({ do: fc.constantFrom("send" as const, "exchange" as const, "reconnect" as const) }),
);

/** A client that does as it is told: applies what it gets, refuses what is bad, forgets what it gives up. */
abstract class ModelClient<Request extends SubscriptionRequest> {
  readonly typeUrl: string;
  readonly store: ResourceStore;
  readonly wanted = new Set<string>();
  readonly has = new Map<string, string>();
  /** Versions refused on this stream, by name, until the name is given up or asked for anew. */
  readonly refused = new Map<string, Set<string>>();
  /** A response that the client has not read yet, and the names that it asked for anew meanwhile. */
  onTheWay: { readonly response: SubscriptionResponse; readonly askedSince: Set<string> } | undefined;
  visible: VisibleResources;
  subscription: Subscription<Request>;

  constructor(typeUrl: string) {
    this.typeUrl = typeUrl;
    this.store = createResourceStore();
    this.visible = visibleResources(this.store, SEES_ALL, typeUrl);
    this.subscription = this.open();
    this.store.onChange((changed) => {
      this.subscription.mark(this.visible.changed(changed.get(typeUrl) ?? new Set()));
    });
  }

  abstract open(): Subscription<Request>;
  abstract hello(): void;
  abstract change(subscribe: readonly string[], unsubscribe: readonly string[]): void;
  abstract answer(response: SubscriptionResponse, errorMessage: string | undefined): void;
  abstract take(response: SubscriptionResponse): void;

  wants(one: string): boolean {
    return this.wanted.has(WILDCARD) || this.wanted.has(one);
  }

  forgetUnwanted(): void {
    for (const memory of [this.has, this.refused])
      for (const one of memory.keys()) if (!this.wants(one)) memory.delete(one);
  }

  /** What is asked for anew may come anew, whatever was refused of it before. */
  askAnew(one: string): void {
    this.refused.delete(one);
    this.onTheWay?.askedSince.add(one);
  }

  run(one: Step): void {
    const { store, typeUrl } = this;
    if (one.do === "set") {
      const bytes = Buffer.from(one.content);
      store.apply({ set: [{ typeUrl, name: one.name, bytes, version: versionOf(bytes) }], remove: [] });
    } else if (one.do === "remove") store.apply({ set: [], remove: [{ typeUrl, name: one.name }] });
    else if (one.do === "subscribe") {
      const unwanted = NAMES.filter((name) => !this.wants(name));
      this.wanted.add(one.name);
      for (const name of one.name === WILDCARD ? unwanted : [one.name]) this.askAnew(name);
      this.change([one.name], []);
    } else if (one.do === "unsubscribe") {
      if (!this.wanted.delete(one.name)) return;
      this.forgetUnwanted();
      if (this.wanted.has(WILDCARD)) this.askAnew(one.name); // to be told what it is now
      this.change([], [one.name]);
    } else if (one.do === "send") this.send();
    else if (one.do === "exchange") this.exchange();
    else {
      this.onTheWay = undefined;
      this.subscription = this.open();
      this.refused.clear();
      this.hello();
    }
  }

  /** Has the next response sent, if there is one, without reading it. */
  send(): void {
    const response = this.subscription.next({ allowRemovals: true });
    if (response === undefined) return;
    assert.equal(this.onTheWay, undefined, "two responses at a time");
    this.onTheWay = { response, askedSince: new Set() };
    this.checkNotRefusedBefore(response);
  }

  /** One response and its answer; false when there was none. */
  exchange(): boolean {
    this.send();
    if (this.onTheWay === undefined) return false;
    assert.equal(this.subscription.next({ allowRemovals: true }), undefined, "two responses at a time");
    const { response, askedSince } = this.onTheWay;
    this.onTheWay = undefined;
    const bad = response.resources.filter(({ resource }) => Buffer.from(resource.bytes).toString() === REFUSED_CONTENT);
    if (bad.length === 0) this.take(response);
    else this.remember(response, askedSince);
    this.answer(response, bad.length === 0 ? undefined : "bad content");
    return true;
  }

  abstract checkNotRefusedBefore(response: SubscriptionResponse): void;
  abstract remember(response: SubscriptionResponse, askedSince: ReadonlySet<string>): void;

  settle(): void {
    for (let i = 0; i < 50; i++) if (!this.exchange()) return;
    assert.fail("the conversation does not end");
  }
}

class DeltaClient extends ModelClient<DeltaRequest> {
  started = false;

  override open(): Subscription<DeltaRequest> {
    this.started = false;
    return createDeltaSubscription(this.typeUrl, this.visible);
  }

  override hello(): void {
    this.change([...this.wanted], []);
  }

  override change(subscribe: readonly string[], unsubscribe: readonly string[]): void {
    const versions = [...this.has].map(([one, content]) => [one, versionOf(Buffer.from(content))] as const);
    const initialVersions = new Map(this.started ? [] : versions);
    // The first request says everything that is wanted.
    const first = this.started ? subscribe : [...this.wanted];
    if (!this.started && first.length === 0) return;
    this.started = true;
    this.subscription.receive({
      subscribe: first,
      unsubscribe,
      initialVersions,
      responseNonce: "",
      errorMessage: undefined,
    });
  }

  override answer({ nonce }: SubscriptionResponse, errorMessage: string | undefined): void {
    const rest = { subscribe: [], unsubscribe: [], initialVersions: new Map<string, string>() };
    this.subscription.receive({ ...rest, responseNonce: nonce, errorMessage });
  }

  override take({ resources, removed }: SubscriptionResponse): void {
    for (const { name: one, resource } of resources)
      if (this.wants(one)) this.has.set(one, Buffer.from(resource.bytes).toString());
    for (const one of removed) {
      assert.ok(!resources.some((sent) => sent.name === one), "both sent and removed");
      this.has.delete(one);
    }
  }

  override checkNotRefusedBefore({ resources }: SubscriptionResponse): void {
    for (const { name: one, resource } of resources)
      assert.ok(!this.refused.get(one)?.has(resource.version), `${one} is sent again after it was refused`);
  }

  /** Like Envoy: good clusters of a bad response are taken, of other types nothing is. */
  override remember({ resources, removed }: SubscriptionResponse, askedSince: ReadonlySet<string>): void {
    const isGood = (text: string): boolean => text !== REFUSED_CONTENT;
    if (this.typeUrl === TYPE.cluster)
      this.take({
        nonce: "",
        versionInfo: "",
        resources: resources.filter(({ resource }) => isGood(Buffer.from(resource.bytes).toString())),
        removed,
      });
    if (resources.length > 1) return;
    for (const { name: one, resource } of resources)
      if (this.wants(one) && !askedSince.has(one))
        this.refused.set(one, (this.refused.get(one) ?? new Set()).add(resource.version));
  }
}

class SotwClient extends ModelClient<SotwRequest> {
  nonce = "";
  started = false;

  override open(): Subscription<SotwRequest> {
    this.nonce = "";
    this.started = false;
    return createSotwSubscription(this.typeUrl, this.visible);
  }

  override hello(): void {
    this.change();
  }

  override change(): void {
    if (!this.started && this.wanted.size === 0) return;
    this.started = true;
    for (const one of ["", ...NAMES]) this.askAnew(one); // the response to a new question may hold anything
    this.subscription.receive({ names: [...this.wanted], responseNonce: this.nonce, errorMessage: undefined });
  }

  override answer({ nonce }: SubscriptionResponse, errorMessage: string | undefined): void {
    this.nonce = nonce;
    this.subscription.receive({ names: [...this.wanted], responseNonce: nonce, errorMessage });
  }

  override take({ resources }: SubscriptionResponse): void {
    if (this.typeUrl === TYPE.cluster) this.has.clear();
    for (const { name: one, resource } of resources)
      if (this.wants(one)) this.has.set(one, Buffer.from(resource.bytes).toString());
  }

  override checkNotRefusedBefore({ versionInfo }: SubscriptionResponse): void {
    assert.ok(!this.refused.get("")?.has(versionInfo), "the response is sent again after it was refused");
  }

  override remember({ versionInfo }: SubscriptionResponse, askedSince: ReadonlySet<string>): void {
    if (askedSince.size > 0) return;
    this.refused.set("", (this.refused.get("") ?? new Set()).add(versionInfo));
  }
}

/** After everything is said, the client has what there is of what it wants. */
function checkAgreement({ store, typeUrl, wanted, has }: ModelClient<never>): void {
  const everything = wanted.has(WILDCARD) ? NAMES : NAMES.filter((one) => wanted.has(one));
  for (const one of everything) {
    const resource = store.get(typeUrl, one);
    if (resource !== undefined) assert.equal(has.get(one), Buffer.from(resource.bytes).toString(), one);
    else if (typeUrl === TYPE.cluster) assert.equal(has.get(one), undefined, one);
  }
  for (const one of has.keys()) assert.ok(everything.includes(one), `${one} was not asked for`);
}

const CLIENTS = [
  { name: "delta", make: (typeUrl: string) => new DeltaClient(typeUrl) },
  { name: "state of the world", make: (typeUrl: string) => new SotwClient(typeUrl) },
];

describe("a client that applies what it is sent", () => {
  for (const { name: variant, make } of CLIENTS)
    for (const typeUrl of [TYPE.cluster, TYPE.routeConfiguration])
      it(`${variant}, ${typeUrl.slice(typeUrl.lastIndexOf(".") + 1)}: ends with exactly what it asked for`, () => {
        fc.assert(
          fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
            const client = make(typeUrl) as ModelClient<never>;
            for (const one of steps) client.run(one);
            // In the end nothing is bad any more, and the client hears of it.
            for (const one of NAMES)
              if (store(client, one) === REFUSED_CONTENT) client.run({ do: "set", name: one, content: `good ${one}` });
            client.settle();
            checkAgreement(client);
          }),
          { numRuns: 1000 },
        );
      });
});

function store(client: ModelClient<never>, one: string): string | undefined {
  const resource = client.store.get(client.typeUrl, one);
  return resource && Buffer.from(resource.bytes).toString();
}
