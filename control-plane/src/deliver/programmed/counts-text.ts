import { gunzipSync, gzipSync } from "node:zlib";
import type { ProgrammedCount } from "./programmed.ts";

/** Counts by key (`<namespace>/<name>`). */
export type Counts = ReadonlyMap<string, ProgrammedCount>;

/** Characters of a text; all annotations of an object together may have 256 KiB. */
const LONGEST_TEXT = 240_000;
/** What a text may become when it is read: nobody fills our memory by it. */
const MOST_BYTES = 32 * 1024 * 1024;

/** `<accepted>/<subscribed>` -> namespace -> names. */
type Grouped = Record<string, Record<string, string[]>>;

/**
 * Counts as a text for an annotation: equal for equal counts. Where all of them do not fit (some 20,000 deployments), those of deployments
 * that everybody has accepted are left out first.
 */
export function writeCounts(counts: Counts): string {
  const text = pack(counts);
  if (text.length <= LONGEST_TEXT) return text;
  const open = pack(new Map([...counts].filter(([, { accepted, subscribed }]) => accepted < subscribed)));
  return open.length <= LONGEST_TEXT ? open : pack(new Map());
}

function pack(counts: Counts): string {
  const grouped: Grouped = {};
  for (const [key, { accepted, subscribed }] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const at = key.indexOf("/");
    const group = (grouped[`${accepted}/${subscribed}`] ??= {});
    (group[key.slice(0, at)] ??= []).push(key.slice(at + 1));
  }
  return gzipSync(JSON.stringify(grouped)).toString("base64");
}

/** What a text says; undefined: it is none. */
export function readCounts(text: string): Counts | undefined {
  try {
    const bytes = gunzipSync(Buffer.from(text, "base64"), { maxOutputLength: MOST_BYTES });
    return new Map(readGroups(JSON.parse(bytes.toString()) as unknown));
  } catch {
    return undefined; // no gzip, no JSON, too large, or of another shape
  }
}

function* readGroups(grouped: unknown): Generator<readonly [string, ProgrammedCount]> {
  for (const [group, namespaces] of entriesOf(grouped)) {
    const [, accepted, subscribed] = /^(\d{1,9})\/(\d{1,9})$/.exec(group) ?? [];
    if (accepted === undefined || subscribed === undefined) throw new TypeError(`${group} is no count`);
    const count = { accepted: Number(accepted), subscribed: Number(subscribed) };
    for (const [namespace, names] of entriesOf(namespaces)) {
      if (!Array.isArray(names)) throw new TypeError("names are no list");
      for (const name of names) yield [`${namespace}/${String(name)}`, count];
    }
  }
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null) throw new TypeError("no object");
  return Object.entries(value);
}
