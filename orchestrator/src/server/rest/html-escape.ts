const LT = 0x3c;
const GT = 0x3e;
const AMP = 0x26;
/** First byte of U+2028 and U+2029 in UTF-8. */
const E2 = 0xe2;

/**
 * Writes `<`, `>`, `&`, U+2028 and U+2029 as JSON escapes, as Seldon's executor does to every JSON body, so that no
 * browser takes an answer for a page. The same buffer comes back when there is nothing to escape.
 */
export function escapeHtmlInJson(body: Buffer): Buffer {
  const start = firstOf(body);
  if (start === body.length) return body;
  const parts: Buffer[] = [];
  let from = 0;
  for (let i = start; i < body.length; i += 1) {
    const escape = escapeAt(body, i);
    if (escape === undefined) continue;
    parts.push(body.subarray(from, i), escape);
    if (body[i] === E2) i += 2;
    from = i + 1;
  }
  if (from === 0) return body;
  parts.push(body.subarray(from));
  return Buffer.concat(parts);
}

/** Where the first byte of interest stands; the native search is what makes clean bodies cheap. */
function firstOf(body: Buffer): number {
  let first = body.length;
  for (const byte of [LT, GT, AMP, E2]) {
    const at = body.indexOf(byte);
    if (at !== -1 && at < first) first = at;
  }
  return first;
}

const ESCAPES: ReadonlyMap<number, Buffer> = new Map([
  [LT, Buffer.from("\\u003c")],
  [GT, Buffer.from("\\u003e")],
  [AMP, Buffer.from("\\u0026")],
]);
const LINE_SEPARATOR = Buffer.from("\\u2028");
const PARAGRAPH_SEPARATOR = Buffer.from("\\u2029");

function escapeAt(body: Buffer, i: number): Buffer | undefined {
  const byte = body[i] ?? 0;
  if (byte !== E2) return byte > GT ? undefined : ESCAPES.get(byte);
  if (body[i + 1] !== 0x80) return undefined;
  if (body[i + 2] === 0xa8) return LINE_SEPARATOR;
  return body[i + 2] === 0xa9 ? PARAGRAPH_SEPARATOR : undefined;
}

/** Whether a body is JSON: by its type, or, without one, by how it begins. */
export function isJson(contentType: string, body: Buffer): boolean {
  if (contentType !== "") return /[/+]json\b/i.test(contentType);
  const first = body[0];
  return first === 0x7b || first === 0x5b || first === 0x22;
}
