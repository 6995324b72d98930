import type { ScalarValue } from "./scalar.ts";

/** A value of a document together with where it stands; `offset` counts characters of the document. */
export type SourceNode = ScalarNode | ListNode | MapNode;

interface NodeBase {
  readonly offset: number;
  /** Values in it, itself included, aliases written out. */
  readonly size: number;
  /** Levels of maps and lists in it, aliases written out; 0 for a scalar. */
  readonly depth: number;
}

export interface ScalarNode extends NodeBase {
  readonly kind: "scalar";
  readonly value: ScalarValue;
}

export interface ListNode extends NodeBase {
  readonly kind: "list";
  readonly items: readonly SourceNode[];
}

export interface MapNode extends NodeBase {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, MapEntry>;
}

export interface MapEntry {
  readonly keyOffset: number;
  readonly node: SourceNode;
  /** True when a merge key (`<<`) brought it: the map's own entries win over it. */
  readonly merged: boolean;
}

/** The plain value of a node. Maps have no prototype to run into: `__proto__` is a key like any other. */
export function plainValue(node: SourceNode): unknown {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(plainValue);
    case "map":
      return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plainValue(entry.node)]));
  }
}

/** Offset of the field at a path, of its nearest existing parent otherwise. A field stands where its key stands. */
export function findOffset(root: SourceNode, path: readonly (string | number)[]): number {
  let offset = root.offset;
  let node: SourceNode | undefined = root;
  for (const step of path) {
    if (node.kind === "map") {
      const entry: MapEntry | undefined = node.entries.get(String(step));
      if (entry === undefined) return offset;
      offset = entry.keyOffset;
      node = entry.node;
    } else if (node.kind === "list") {
      const item: SourceNode | undefined = typeof step === "number" ? node.items[step] : undefined;
      if (item === undefined) return offset;
      offset = item.offset;
      node = item;
    } else return offset;
  }
  return offset;
}
