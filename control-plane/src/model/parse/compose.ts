import { EVENT_ID, getScalarValue, SCALAR_STYLE, type Event, type ScalarEvent } from "js-yaml";
import type { MapEntry, SourceNode } from "./node.ts";
import type { ModelLimits } from "../settings.ts";
import { resolvePlain, resolveTagged, type ScalarValue } from "./scalar.ts";

/** What is wrong with a text, where, counted in characters. */
export interface TextFault {
  readonly kind: "syntax" | "template" | "duplicateKey" | "tooLarge";
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

/** The documents of an event stream; empty documents are left out. */
export interface Composed {
  readonly roots: readonly SourceNode[];
  readonly faults: readonly TextFault[];
}

/** Builds source nodes from parser events. Applies aliases and merge keys; collects every fault instead of stopping. */
export function composeNodes(text: string, events: readonly Event[], limits: TreeLimits): Composed {
  return new Composer(text, events, limits).run();
}

/** Bounds on a document with its aliases written out. */
export type TreeLimits = Pick<ModelLimits, "maxNodes" | "maxNesting">;

class Composer {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #limits: TreeLimits;
  readonly #faults: TextFault[] = [];
  #anchors = new Map<string, SourceNode>();
  #next = 0;
  /** Where the last value stood: an empty value has no place of its own. */
  #lastOffset = 0;

  constructor(text: string, events: readonly Event[], limits: TreeLimits) {
    this.#text = text;
    this.#events = events;
    this.#limits = limits;
  }

  run(): Composed {
    const roots: SourceNode[] = [];
    for (let event = this.#take(); event !== undefined; event = this.#take()) {
      if (event.type !== EVENT_ID.DOCUMENT) continue;
      this.#anchors = new Map();
      const root = this.#node();
      if (root === undefined || (root.kind === "scalar" && root.value === null)) continue;
      if (!this.#isTooLarge(root)) roots.push(root);
    }
    return { roots, faults: this.#faults };
  }

  #take(): Event | undefined {
    const event = this.#events[this.#next];
    if (event !== undefined) this.#next += 1;
    return event;
  }

  #fault(kind: TextFault["kind"], offset: number, message: string): void {
    this.#faults.push({ kind, offset, message });
  }

  #isTooLarge({ size, depth, offset }: SourceNode): boolean {
    const { maxNodes, maxNesting } = this.#limits;
    if (size <= maxNodes && depth <= maxNesting) return false;
    const [what, limit] = size > maxNodes ? [`${size} values`, maxNodes] : [`${depth} levels`, maxNesting];
    this.#fault(
      "tooLarge",
      offset,
      `with its aliases written out the document has ${what}, more than the limit of ${limit}`,
    );
    return true;
  }

  /** The next node; undefined at the end of its parent. Depth is bounded by the parser's own limit. */
  #node(): SourceNode | undefined {
    const event = this.#take();
    if (event === undefined || event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT) return undefined;
    if (event.type === EVENT_ID.ALIAS) return this.#alias(event.anchorStart, event.anchorEnd);
    const node =
      event.type === EVENT_ID.SCALAR
        ? this.#scalar(event)
        : event.type === EVENT_ID.SEQUENCE
          ? this.#list(event.start)
          : this.#map(event.start);
    if (event.type !== EVENT_ID.SCALAR) this.#checkCollectionTag(event.tagStart, event.tagEnd);
    if (event.anchorStart >= 0) this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), node);
    return node;
  }

  #alias(start: number, end: number): SourceNode {
    const name = this.#text.slice(start, end);
    const node = this.#anchors.get(name);
    const offset = Math.max(0, start - 1);
    if (node !== undefined) return { ...node, offset };
    this.#fault("syntax", offset, `the alias *${name} has no anchor &${name} before it`);
    return { kind: "scalar", value: null, offset, size: 1, depth: 0 };
  }

  #scalar(event: ScalarEvent): SourceNode {
    const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
    const offset = event.valueStart < 0 ? this.#lastOffset : quoted ? event.valueStart - 1 : event.valueStart;
    this.#lastOffset = offset;
    // An escape can write half a surrogate pair, which no other text can hold: Go's JSON reads it as U+FFFD too.
    const text = event.valueStart < 0 ? "" : getScalarValue(this.#text, event).toWellFormed();
    return { kind: "scalar", value: this.#scalarValue(event, text), offset, size: 1, depth: 0 };
  }

  #scalarValue(event: ScalarEvent, text: string): ScalarValue {
    if (event.tagStart < 0) return event.style === SCALAR_STYLE.PLAIN ? resolvePlain(text) : text;
    const tag = shortTag(this.#text.slice(event.tagStart, event.tagEnd));
    const value = resolveTagged(tag, text);
    if (value !== undefined) return value;
    this.#fault("syntax", event.tagStart, `the tag ${tag} is unknown or its value does not fit it`);
    return text;
  }

  #checkCollectionTag(start: number, end: number): void {
    if (start < 0) return;
    const tag = shortTag(this.#text.slice(start, end));
    if (tag !== "!!map" && tag !== "!!seq") this.#fault("syntax", start, `the tag ${tag} is unknown`);
  }

  #list(offset: number): SourceNode {
    const items: SourceNode[] = [];
    let size = 1;
    let depth = 1;
    this.#lastOffset = offset;
    for (let item = this.#node(); item !== undefined; item = this.#node()) {
      items.push(item);
      size += item.size;
      depth = Math.max(depth, item.depth + 1);
    }
    return { kind: "list", items, offset, size, depth };
  }

  #map(offset: number): SourceNode {
    const entries = new Map<string, MapEntry>();
    let size = 1;
    let depth = 1;
    for (let key = this.#key(); key !== undefined; key = this.#key()) {
      const value = this.#node();
      if (value === undefined) break;
      size += value.size;
      depth = Math.max(depth, value.depth + 1);
      if (key.isMerge) this.#merge(entries, value);
      else this.#add(entries, key, value);
    }
    return { kind: "map", entries, offset, size, depth };
  }

  #key(): { readonly text: string; readonly offset: number; readonly isMerge: boolean } | undefined {
    const event = this.#events[this.#next];
    const node = this.#node();
    if (node === undefined || event === undefined) return undefined;
    if (node.kind !== "scalar") {
      this.#fault("syntax", node.offset, "a key must be a text, not a map or a list");
      return { text: "", offset: node.offset, isMerge: false };
    }
    const isMerge = event.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN && node.value === "<<";
    return { text: String(node.value), offset: node.offset, isMerge };
  }

  #add(entries: Map<string, MapEntry>, key: { text: string; offset: number }, node: SourceNode): void {
    const known = entries.get(key.text);
    if (known !== undefined && !known.merged) {
      const message = `the key ${JSON.stringify(key.text)} stands twice in the same map; this one counts, being the last`;
      this.#fault("duplicateKey", key.offset, message);
    }
    entries.set(key.text, { keyOffset: key.offset, node, merged: false });
  }

  /** Takes over the entries of a map, or of several where the first that has a key wins; own entries always win. */
  #merge(entries: Map<string, MapEntry>, value: SourceNode): void {
    const sources = value.kind === "list" ? value.items : [value];
    for (const source of sources) {
      if (source.kind !== "map") {
        this.#fault("syntax", value.offset, "a merge key (<<) takes a map or a list of maps");
        continue;
      }
      for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, { ...entry, merged: true });
    }
  }
}

/** YAML's own tags written in full are the same as their short form. */
function shortTag(tag: string): string {
  return tag.replace(/^!<tag:yaml\.org,2002:(\w+)>$/, "!!$1");
}
