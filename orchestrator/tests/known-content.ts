import { seededRandom } from "./seeded-random.ts";

const LETTERS = 4 << 20;
const random = seededRandom(7);
const TEXT = Buffer.from(Array.from({ length: LETTERS }, () => 97 + Math.floor(random() * 26)));
const MARK = "@";

/** Which content a message carries: the same seed and size are the same bytes. */
export interface Content {
  readonly seed: number;
  readonly size: number;
}

/** Bytes that tell what they must be: a mark, seed, size, and so many letters of the seed's own. */
export function contentOf({ seed, size }: Content): Buffer {
  return Buffer.concat([Buffer.from(`${MARK}${seed}.${size}.`), lettersOf({ seed, size })]);
}

/**
 * Every content within a message of any encoding. Throws where a byte is another than it must be; `isPart` is a message
 * that may have been cut off.
 */
export function readContents(message: Buffer, isPart = false): Content[] {
  const found: Content[] = [];
  for (let at = message.indexOf(MARK); at !== -1; at = message.indexOf(MARK, at + 1)) {
    const [head, seed, size] = /^@(\d+)\.(\d+)\./.exec(message.toString("latin1", at, at + 24)) ?? [];
    // A length before it may look like a mark.
    if (head === undefined) continue;
    const content = { seed: Number(seed), size: Number(size) };
    const start = at + head.length;
    const came = message.subarray(start, start + content.size);
    if (came.length < content.size && !isPart) throw new Error(`${came.length} of ${content.size} letters came`);
    if (!lettersOf(content).subarray(0, came.length).equals(came)) throw new Error(`other letters for ${head}`);
    found.push(content);
    at = start + came.length - 1;
  }
  return found;
}

function lettersOf({ seed, size }: Content): Buffer {
  const start = (seed * 7919) % (LETTERS / 4);
  return TEXT.subarray(start, start + size);
}
