/** Bits of each symbol's code (RFC 7541 appendix B), 0 to 255: a is 5, b is 6, and so on. The code is canonical. */
const LENGTHS =
  "isxxxxxxxtzxxzxxxxxxxxzxxxxxxxxxbffhibdgffdgdbbbaaabbbbbbbcdkbhfibccccccccccccccccccccccdcdioijb" +
  "kabababbbaccbbbabcbaabccccckgjixprpprrrsrssssststtrstssssqrsrsstrqprrssqsrrtqrssqqrqsrssprrrsrrs" +
  "vvporsruvvvwwvtuoqvwwvwtqqvvxwwwptpqrqqsrruuttvsvwvvwwwwwxwwwwwv";
const FIRST_LENGTH = 5;
const EOS = 256;
const EOS_LENGTH = 30;
const ROOT = 0;
const NO_SYMBOL = 0xffff;
const INVALID = 0xffff;

/** Next state by state and four bits; states are the inner nodes of the code's tree. */
const NEXT = new Uint16Array(256 * 16).fill(INVALID);
/** The symbol that these four bits complete, if any: no code is shorter than five. */
const SYMBOL = new Uint16Array(256 * 16).fill(NO_SYMBOL);
/** Whether a string may end here: on at most seven ones. */
const MAY_END = new Uint8Array(256);
build();

/** Decodes a Huffman-coded string as Latin-1. Undefined when it is not one. */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string | undefined {
  const text = Buffer.allocUnsafe(((end - start) * 8) / FIRST_LENGTH + 1);
  let length = 0;
  let state = ROOT;
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] ?? 0;
    for (let shift = 4; shift >= 0; shift -= 4) {
      const at = (state << 4) | ((byte >> shift) & 15);
      const symbol = SYMBOL[at] ?? NO_SYMBOL;
      if (symbol !== NO_SYMBOL) {
        text[length] = symbol;
        length += 1;
      }
      state = NEXT[at] ?? INVALID;
      if (state === INVALID) return undefined;
    }
  }
  return MAY_END[state] === 1 ? text.toString("latin1", 0, length) : undefined;
}

type Tree = [zero: Tree | number | undefined, one: Tree | number | undefined];

function build(): void {
  const root: Tree = [undefined, undefined];
  let code = 0;
  for (let length = FIRST_LENGTH; length <= EOS_LENGTH; length += 1, code *= 2) {
    for (let symbol = 0; symbol < EOS; symbol += 1) {
      if (LENGTHS.charCodeAt(symbol) - 97 + FIRST_LENGTH !== length) continue;
      place(root, code, length, symbol);
      code += 1;
    }
  }
  place(root, 2 ** EOS_LENGTH - 1, EOS_LENGTH, EOS);
  const nodes = [root];
  const indexOf = new Map<Tree, number>([[root, ROOT]]);
  for (const node of nodes) {
    for (const child of node) {
      if (!Array.isArray(child)) continue;
      indexOf.set(child, nodes.length);
      nodes.push(child);
    }
  }
  for (const [node, index] of indexOf) {
    for (let nibble = 0; nibble < 16; nibble += 1) step(root, node, nibble, (index << 4) | nibble, indexOf);
  }
  let padding: Tree | number | undefined = root;
  for (let ones = 0; ones <= 7 && Array.isArray(padding); ones += 1) {
    MAY_END[indexOf.get(padding) ?? 0] = 1;
    padding = padding[1];
  }
}

function step(root: Tree, from: Tree, nibble: number, at: number, indexOf: ReadonlyMap<Tree, number>): void {
  let node = from;
  for (let shift = 3; shift >= 0; shift -= 1) {
    const child = node[(nibble >> shift) & 1];
    if (child === EOS || child === undefined) return;
    if (typeof child === "number") {
      SYMBOL[at] = child;
      node = root;
    } else {
      node = child;
    }
  }
  NEXT[at] = indexOf.get(node) ?? INVALID;
}

function place(root: Tree, code: number, length: number, symbol: number): void {
  let node = root;
  for (let bit = length - 1; bit > 0; bit -= 1) {
    const side = Math.floor(code / 2 ** bit) & 1;
    const next = node[side];
    node = Array.isArray(next) ? next : (node[side] = [undefined, undefined]);
  }
  node[code & 1] = symbol;
}
