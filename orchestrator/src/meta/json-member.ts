import { endOfString, endOfValue, skipSpace, startOfString } from "./json-bytes.ts";

/** Members that are looked for. Lower-case letters only: that bounds how their names can be escaped. */
export type MemberName = "meta" | "routing";

/** A piece of bytes: `from` inclusive, `to` exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where a member of a JSON object in bytes stands, or would. */
export interface MemberPlace {
  readonly name: MemberName;
  /** Its values: a name may stand twice, and then readers take the last. Empty: there is no such member. */
  readonly values: readonly Span[];
  /** Behind the object's `{`. */
  readonly insertAt: number;
  readonly isEmptyObject: boolean;
}

const QUOTED: Readonly<Record<MemberName, Buffer>> = {
  meta: Buffer.from('"meta"'),
  routing: Buffer.from('"routing"'),
};

/** How an escaped lower-case letter begins (U+0061 to U+007A). */
const ESCAPED_LETTERS = [Buffer.from("\\u006"), Buffer.from("\\u007")];

const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/**
 * Finds a member of the object that `json` holds, reading as little as possible: nothing where its name occurs
 * nowhere; from the nearer end of the text to the name where it occurs once; every member only where it occurs several
 * times or may be escaped. Undefined where the text is not one JSON object. The text is not checked: of one that is not
 * JSON any place may come back, but always one inside it.
 */
export function locateMember(json: Buffer, name: MemberName): MemberPlace | undefined {
  const open = skipSpace(json, hasByteOrderMark(json) ? 3 : 0);
  const close = lastOf(json);
  if (json[open] !== OPEN || json[close] !== CLOSE || close <= open) return undefined;
  const insertAt = open + 1;
  const place = { name, values: [], insertAt, isEmptyObject: skipSpace(json, insertAt) === close };
  const quoted = QUOTED[name];
  const hit = json.indexOf(quoted, insertAt);
  const isOdd = ESCAPED_LETTERS.some((one) => json.includes(one)) || (hit !== -1 && json.includes(quoted, hit + 1));
  if (isOdd) {
    const values = scanMembers(json, insertAt, close, name);
    return values === undefined ? undefined : { ...place, values };
  }
  if (hit === -1) return place;
  const last = hit + quoted.length - 1;
  const isMember =
    hit - insertAt <= close - last ? isOutermost(json, insertAt, hit) : isOutermostFromEnd(json, hit, last, close);
  const colon = skipSpace(json, last + 1);
  if (!isMember || json[colon] !== COLON) return place;
  const value = valueAfter(json, colon, close);
  return value === undefined ? undefined : { ...place, values: [value] };
}

/** The last value of the member as JSON; undefined where it is absent or not JSON. */
export function readMember(json: Buffer, place: MemberPlace): unknown {
  const span = place.values.at(-1);
  if (span === undefined) return undefined;
  try {
    return JSON.parse(json.toString("utf8", span.from, span.to));
  } catch {
    return undefined;
  }
}

/** The text with the member set; of a name that stands twice, both. Every other byte is as it was. */
export function setMember(json: Buffer, place: MemberPlace, value: Buffer): readonly Buffer[] {
  const { insertAt, values } = place;
  if (values.length === 0) {
    const key = Buffer.concat([QUOTED[place.name], Buffer.from(":")]);
    const rest = json.subarray(insertAt);
    return [json.subarray(0, insertAt), key, value, ...(place.isEmptyObject ? [] : [Buffer.from(",")]), rest];
  }
  const parts: Buffer[] = [];
  let from = 0;
  for (const span of values) {
    parts.push(json.subarray(from, span.from), value);
    from = span.to;
  }
  return [...parts, json.subarray(from)];
}

/** Whether `until` is where a token of the outermost object begins, read from its start. */
function isOutermost(json: Buffer, from: number, until: number): boolean {
  let depth = 1;
  let i = from;
  while (i < until) {
    const byte = json[i];
    if (byte === QUOTE) {
      i = endOfString(json, i);
      continue;
    }
    if (byte === OPEN || byte === 0x5b) depth += 1;
    else if (byte === CLOSE || byte === 0x5d) depth -= 1;
    i += 1;
  }
  return i === until && depth === 1;
}

/**
 * The same for the string from `first` to `last`, read backwards from the object's end: there, outside any string, a
 * quote ends one, and the nearest quote before it that is not escaped begins it.
 */
function isOutermostFromEnd(json: Buffer, first: number, last: number, close: number): boolean {
  let depth = 1;
  let i = close - 1;
  while (i > last) {
    const byte = json[i];
    if (byte === QUOTE) {
      i = startOfString(json, i) - 1;
      continue;
    }
    if (byte === CLOSE || byte === 0x5d) depth += 1;
    else if (byte === OPEN || byte === 0x5b) depth -= 1;
    i -= 1;
  }
  return i === last && depth === 1 && startOfString(json, last) === first;
}

/** The values of every member of that name; undefined where the text is not an object. */
function scanMembers(json: Buffer, from: number, close: number, name: MemberName): readonly Span[] | undefined {
  const found: Span[] = [];
  let i = skipSpace(json, from);
  while (i < close) {
    if (json[i] !== QUOTE) return undefined;
    const keyEnd = endOfString(json, i);
    const colon = skipSpace(json, keyEnd);
    const value = json[colon] === COLON ? valueAfter(json, colon, close) : undefined;
    if (value === undefined) return undefined;
    if (isNamed(json, i, keyEnd, name)) found.push(value);
    i = skipSpace(json, value.to);
    if (i === close) break;
    if (json[i] !== COMMA) return undefined;
    i = skipSpace(json, i + 1);
  }
  return found;
}

function isNamed(json: Buffer, from: number, to: number, name: MemberName): boolean {
  try {
    // Six bytes for each letter at most.
    return to - from <= name.length * 6 + 2 && JSON.parse(json.toString("utf8", from, to)) === name;
  } catch {
    return false;
  }
}

function valueAfter(json: Buffer, colon: number, close: number): Span | undefined {
  const from = skipSpace(json, colon + 1);
  const to = endOfValue(json, from);
  return to > from && to <= close ? { from, to } : undefined;
}

function lastOf(json: Buffer): number {
  let i = json.length - 1;
  while (i > 0 && isSpaceAt(json, i)) i -= 1;
  return i;
}

function isSpaceAt(json: Buffer, at: number): boolean {
  const byte = json[at];
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function hasByteOrderMark(json: Buffer): boolean {
  return json[0] === 0xef && json[1] === 0xbb && json[2] === 0xbf;
}
