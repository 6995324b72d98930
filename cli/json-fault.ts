const WHITE_SPACE = /[ \t\n\r]*/y;
const TOKEN = /[{}[\],:]|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y;
/** Part of a string; matched piece by piece, because one long match would run out of stack. */
const CHARACTERS = /(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})){0,1000}/y;

/** What may come next. `first…` stands behind an opening bracket, where it may close at once. */
type State = "value" | "firstItem" | "key" | "firstKey" | "colon" | "after";

/** Where a text stops being JSON: line and column, both from 1, and what stands there (empty: the text ends too early). */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  readonly found: string;
}

function read(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function readToken(text: string, at: number): string | undefined {
  if (text[at] !== '"') return read(TOKEN, text, at);
  let end = at + 1;
  for (let length = 1; length > 0; end += length) length = read(CHARACTERS, text, end)?.length ?? 0;
  return text[end] === '"' ? text.slice(at, end + 1) : undefined;
}

function faultAt(text: string, at: number): JsonFault {
  const before = text.slice(0, at).split("\n");
  const found = read(/[\w.+-]{1,20}|[^]/uy, text, at) ?? "";
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, found };
}

/** The state behind a token; undefined when the token may not stand there. Keeps `open`, the brackets that are not closed. */
function step(state: State, token: string, open: string[]): State | undefined {
  const isString = token.startsWith('"');
  if (state === "colon") return token === ":" ? "value" : undefined;
  if (state === "after" && token === "," && open.length > 0) return open.at(-1) === "{" ? "key" : "value";
  if ("}]".includes(token)) {
    const mayClose = state === "after" || state === (token === "}" ? "firstKey" : "firstItem");
    return mayClose && open.pop() === (token === "}" ? "{" : "[") ? "after" : undefined;
  }
  if (state === "key" || state === "firstKey") return isString ? "colon" : undefined;
  if (state === "after" || ",:".includes(token)) return undefined;
  if (!"{[".includes(token)) return "after";
  open.push(token);
  return token === "{" ? "firstKey" : "firstItem";
}

/** Why JSON.parse refuses a text, or undefined when it does not. Its own messages often name no place. */
export function findJsonFault(text: string): JsonFault | undefined {
  const open: string[] = [];
  let state: State = "value";
  let at = read(WHITE_SPACE, text, 0)?.length ?? 0;
  while (at < text.length) {
    const token = readToken(text, at);
    const next: State | undefined = token === undefined ? undefined : step(state, token, open);
    if (token === undefined || next === undefined) return faultAt(text, at);
    state = next;
    at += token.length;
    at += read(WHITE_SPACE, text, at)?.length ?? 0;
  }
  return state === "after" && open.length === 0 ? undefined : faultAt(text, at);
}
