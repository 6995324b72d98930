/** Steps through JSON in bytes. None of them checks it; none leaves the buffer. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Strings up to this length are read byte by byte: the native search costs more to call. */
const SHORT = 48;

/** The first byte at or after `at` that is not white space; the length where there is none. */
export function skipSpace(json: Buffer, at: number): number {
  let i = at;
  while (i < json.length) {
    const byte = json[i];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return i;
    i += 1;
  }
  return i;
}

/** Behind the closing quote of the string that opens at `open`; the length where it never closes. */
export function endOfString(json: Buffer, open: number): number {
  let i = open + 1;
  const soon = Math.min(json.length, i + SHORT);
  while (i < soon) {
    const byte = json[i];
    if (byte === QUOTE) return i + 1;
    i += byte === BACKSLASH ? 2 : 1;
  }
  // An escape may have reached over the bound: go on behind it.
  for (let quote = json.indexOf(QUOTE, i); quote !== -1; quote = json.indexOf(QUOTE, quote + 1)) {
    if (!isEscaped(json, quote, i)) return quote + 1;
  }
  return json.length;
}

/** The opening quote of the string that closes at `close`; -1 where there is none. */
export function startOfString(json: Buffer, close: number): number {
  let quote = close;
  do {
    if (quote === 0) return -1;
    quote = json.lastIndexOf(QUOTE, quote - 1);
  } while (quote !== -1 && isEscaped(json, quote, 0));
  return quote;
}

/** Behind the value that begins at `from`; the length where it has no end. */
export function endOfValue(json: Buffer, from: number): number {
  const first = json[from];
  if (first === QUOTE) return endOfString(json, from);
  if (first !== 0x7b && first !== 0x5b) return endOfScalar(json, from);
  let depth = 0;
  let i = from;
  while (i < json.length) {
    const byte = json[i];
    if (byte === QUOTE) {
      i = endOfString(json, i);
      continue;
    }
    i += 1;
    if (byte === 0x7b || byte === 0x5b) depth += 1;
    else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
      if (depth === 0) return i;
    }
  }
  return i;
}

/** Numbers, true, false and null end before white space, a comma or a closing bracket. */
function endOfScalar(json: Buffer, from: number): number {
  let i = from;
  while (i < json.length) {
    const byte = json[i];
    if (byte === 0x2c || byte === 0x7d || byte === 0x5d || skipSpace(json, i) !== i) return i;
    i += 1;
  }
  return i;
}

/** Whether an odd number of backslashes stands before `at`, none of them before `from`. */
function isEscaped(json: Buffer, at: number, from: number): boolean {
  let i = at - 1;
  while (i >= from && json[i] === BACKSLASH) i -= 1;
  return (at - 1 - i) % 2 === 1;
}
