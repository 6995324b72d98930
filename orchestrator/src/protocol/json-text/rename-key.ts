import { keyOf, membersOf, type Member, type Span } from "./scan.ts";

/** Which top-level key a reply's tensors stand under, and what the next request calls it. */
export interface Renaming {
  /** A body with one of these passes as it is. */
  readonly keeps: readonly string[];
  /** Old name -> new name; the first that is found counts. */
  readonly renames: readonly (readonly [from: string, to: string])[];
}

/**
 * The JSON object with its top-level key renamed, every other byte as it was; the same buffer where it is kept;
 * undefined where it has none of the keys. Throws JsonTextError where the text is no JSON object.
 */
export function renameKey(text: Buffer, renaming: Renaming): Buffer | undefined {
  return renameAtSight(text, renaming) ?? renameByScan(text, renaming);
}

/**
 * The usual text, by native searches and a look at what stands before the key: only where nothing in it could be
 * another key of interest. Undefined: have a closer look.
 */
function renameAtSight(text: Buffer, renaming: Renaming): Buffer | undefined {
  if (text.indexOf(BACKSLASH) !== -1) return undefined;
  const found = onlyString(text, renaming);
  if (found === undefined || !isTopLevelKey(text, found.start, found.end)) return undefined;
  return replaced(text, [found], found.to);
}

interface Found extends Span {
  /** What the key becomes. */
  readonly to: string;
}

/** The one string of a text without escapes that is a key of interest; undefined where that takes a closer look. */
function onlyString(text: Buffer, renaming: Renaming): Found | undefined {
  let found: Found | undefined;
  let start = text.indexOf(QUOTE);
  // Tensors of numbers have few strings. In others the search for each string costs more than a scan.
  for (let strings = 0; start !== -1; strings += 1) {
    const end = text.indexOf(QUOTE, start + 1) + 1;
    if (end === 0 || strings === MAX_STRINGS) return undefined;
    for (const key of renaming.keeps) if (isAt(text, start, end, key)) return undefined;
    for (const [from, to] of renaming.renames) {
      if (!isAt(text, start, end, from)) continue;
      if (found !== undefined) return undefined;
      found = { start, end, to };
    }
    start = text.indexOf(QUOTE, end);
  }
  return found;
}

const QUOTE = 0x22;
const MAX_STRINGS = 512;

/** Whether the string from `start` to `end` (quotes included) is the key. */
function isAt(text: Buffer, start: number, end: number, key: string): boolean {
  return end - start === key.length + 2 && text.toString("latin1", start + 1, end - 1) === key;
}

const BACKSLASH = 0x5c;

/** Whether the string at `at` is a key of the outermost object; the text has no escapes. */
function isTopLevelKey(text: Buffer, at: number, end: number): boolean {
  let after = end;
  while (isSpace(text[after])) after += 1;
  if (text[after] !== 0x3a) return false;
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < at; i += 1) {
    const byte = text[i];
    if (byte === 0x22) isInString = !isInString;
    else if (isInString) continue;
    else if (byte === 0x7b) depth += 1;
    else if (byte === 0x5b) depth += ARRAY;
    else if (byte === 0x7d) depth -= 1;
    else if (byte === 0x5d) depth -= ARRAY;
  }
  return depth === 1 && !isInString;
}

/** An array counts apart from objects, so that a key in an object in an array is not taken for one of the top level. */
const ARRAY = 2 ** 20;

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function renameByScan(text: Buffer, renaming: Renaming): Buffer | undefined {
  const members = membersOf(text).map((member) => ({ key: keyOf(text, member), member }));
  if (members.some((one) => renaming.keeps.includes(one.key))) return text;
  for (const [from, to] of renaming.renames) {
    // All of a key's copies: which of them counts is for the reader to say.
    const found = members.filter((one) => one.key === from).map((one) => spanOfKey(one.member));
    if (found.length > 0) return replaced(text, found, to);
  }
  return undefined;
}

function spanOfKey(member: Member): Span {
  return { start: member.keyStart, end: member.keyEnd };
}

function replaced(text: Buffer, spans: readonly Span[], key: string): Buffer {
  const quoted = Buffer.from(`"${key}"`);
  const parts: Buffer[] = [];
  let from = 0;
  for (const { start, end } of spans) {
    parts.push(text.subarray(from, start), quoted);
    from = end;
  }
  parts.push(text.subarray(from));
  return Buffer.concat(parts);
}
