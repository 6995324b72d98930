import type { KubernetesObject } from "../object.ts";
import type { ResourceType } from "../resource-types.ts";
import type { FakeRequest } from "./fake-faults.ts";
import { Refusal } from "./fake-status.ts";
import type { FakeStore } from "./fake-store.ts";
import { selectionOf } from "./fake-watches.ts";

interface Rest {
  readonly items: readonly KubernetesObject[];
  readonly version: number;
}

/** Answers lists, in pages where a limit is given; the pages of one list are of one version. */
export class FakeLists {
  readonly #store: FakeStore;
  readonly #rests = new Map<string, Rest>();
  #tokens = 0;

  constructor(store: FakeStore) {
    this.#store = store;
  }

  list(type: ResourceType, request: FakeRequest): object {
    const { items, version } = this.#remaining(type, request);
    const limit = Number(request.query.get("limit") ?? "0");
    const page = limit > 0 ? items.slice(0, limit) : items;
    const rest = items.slice(page.length);
    const token = rest.length === 0 ? undefined : `page-${++this.#tokens}`;
    if (token !== undefined) this.#rests.set(token, { items: rest, version });
    return {
      kind: `${type.kind}List`,
      apiVersion: type.apiVersion,
      metadata: { resourceVersion: String(version), ...(token === undefined ? {} : { continue: token }) },
      items: page.map((item) => ({ ...item, kind: undefined, apiVersion: undefined })),
    };
  }

  #remaining(type: ResourceType, request: FakeRequest): Rest {
    const token = request.query.get("continue");
    if (token === null) {
      const namespace = request.namespace === "" ? undefined : request.namespace;
      return { items: this.#store.list(type, namespace).filter(selectionOf(request)), version: this.#store.version };
    }
    const rest = this.#rests.get(token);
    if (rest === undefined || rest.version < this.#store.compacted) {
      throw new Refusal(410, "Expired", "The provided continue parameter is too old");
    }
    return rest;
  }
}
