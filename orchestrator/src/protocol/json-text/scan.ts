/** Text that is not JSON. */
export class JsonTextError extends Error {}

/** One member of an object: where key (with its quotes) and value are. */
export interface Member {
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Deeper than any tensor; what is open must be remembered. */
const MAX_DEPTH = 10_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

/**
 * The members of the object that begins at `from`, in order, duplicates included. Values are skipped by their brackets
 * and quotes, not read: what is inside them need not be JSON. Throws JsonTextError where the object itself is not.
 */
export function membersOf(text: Buffer, from = 0, to = text.length): Member[] {
  const members: Member[] = [];
  let at = skipSpace(text, from, to);
  expect(text, at, to, OPEN_OBJECT, "an object");
  at = skipSpace(text, at + 1, to);
  if (text[at] === CLOSE_OBJECT && at < to) return members;
  for (;;) {
    expect(text, at, to, QUOTE, "a key");
    const keyStart = at;
    const keyEnd = skipString(text, at, to);
    at = skipSpace(text, keyEnd, to);
    expect(text, at, to, COLON, "a colon");
    const valueStart = skipSpace(text, at + 1, to);
    const valueEnd = skipValue(text, valueStart, to);
    members.push({ keyStart, keyEnd, valueStart, valueEnd });
    at = skipSpace(text, valueEnd, to);
    if (at < to && text[at] === CLOSE_OBJECT) return members;
    expect(text, at, to, COMMA, "a comma");
    at = skipSpace(text, at + 1, to);
  }
}

/** The elements of the array that begins at `from`, in order. Their insides are skipped as those of members are. */
export function elementsOf(text: Buffer, from: number, to = text.length): Span[] {
  const elements: Span[] = [];
  let at = skipSpace(text, from, to);
  expect(text, at, to, OPEN_ARRAY, "an array");
  at = skipSpace(text, at + 1, to);
  if (text[at] === CLOSE_ARRAY && at < to) return elements;
  for (;;) {
    const end = skipValue(text, at, to);
    elements.push({ start: at, end });
    at = skipSpace(text, end, to);
    if (at < to && text[at] === CLOSE_ARRAY) return elements;
    expect(text, at, to, COMMA, "a comma");
    at = skipSpace(text, at + 1, to);
  }
}

/** A member's key, escapes resolved. */
export function keyOf(text: Buffer, member: Member): string {
  try {
    return JSON.parse(text.toString("utf8", member.keyStart, member.keyEnd)) as string;
  } catch {
    throw new JsonTextError(`a key at byte ${member.keyStart} is not a string`);
  }
}

/** What kind of value begins at a place. */
export function kindAt(text: Buffer, at: number): "object" | "array" | "other" {
  return text[at] === OPEN_OBJECT ? "object" : text[at] === OPEN_ARRAY ? "array" : "other";
}

/** The end of the value that begins at `at`. */
function skipValue(text: Buffer, at: number, to: number): number {
  const first = at < to ? text[at] : undefined;
  if (first === QUOTE) return skipString(text, at, to);
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return skipNested(text, at, to);
  let end = at;
  while (end < to && isScalarByte(text[end])) end += 1;
  if (end === at) throw new JsonTextError(`no value at byte ${at}`);
  return end;
}

function skipNested(text: Buffer, from: number, to: number): number {
  // Kinds of the open brackets, so that `[}` is no value.
  const open: number[] = [];
  let at = from;
  while (at < to) {
    const byte = text[at] ?? 0;
    if (byte === QUOTE) {
      at = skipString(text, at, to);
      continue;
    }
    // Most of a tensor is digits, points, commas and spaces: all below every bracket.
    if (byte < OPEN_ARRAY) {
      at += 1;
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (open.length === MAX_DEPTH) throw new JsonTextError(`a value is deeper than ${MAX_DEPTH} levels`);
      open.push(byte + 2);
    }
    if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (open.pop() !== byte) throw new JsonTextError(`a bracket too many at byte ${at}`);
      if (open.length === 0) return at + 1;
    }
    at += 1;
  }
  throw new JsonTextError("the text ends within a value");
}

function skipString(text: Buffer, from: number, to: number): number {
  let at = from;
  for (;;) {
    at = text.indexOf(QUOTE, at + 1);
    if (at === -1 || at >= to) throw new JsonTextError("the text ends within a string");
    let slashes = 0;
    while (text[at - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return at + 1;
  }
}

function skipSpace(text: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && isSpace(text[at])) at += 1;
  return at;
}

function expect(text: Buffer, at: number, to: number, byte: number, what: string): void {
  if (at >= to || text[at] !== byte) throw new JsonTextError(`${what} was expected at byte ${at}`);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Letters, digits, sign and point: what numbers, true, false and null are made of. */
function isScalarByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  if (byte >= 0x30 && byte <= 0x39) return true;
  return (byte >= 0x61 && byte <= 0x7a) || byte === 0x2d || byte === 0x2b || byte === 0x2e || byte === 0x45;
}
