/** Headers that HTTP/2 has no use for (RFC 9113 §8.2.2). */
const OF_HTTP1: ReadonlySet<string> = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

/** True for a header list that is a request's: each pseudo-header once and in front, nothing of HTTP/1 (RFC 9113 §8). */
export function isRequest(list: readonly string[]): boolean {
  let method = 0;
  let scheme = 0;
  let path = 0;
  let hasFields = false;
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] ?? "";
    if (name.charCodeAt(0) !== COLON) {
      hasFields = true;
      if (OF_HTTP1.has(name) || (name === "te" && list[i + 1] !== "trailers")) return false;
      continue;
    }
    if (hasFields) return false;
    if (name === ":method") method += 1;
    else if (name === ":scheme") scheme += 1;
    else if (name === ":path") path += list[i + 1] === "" ? 2 : 1;
    else if (name !== ":authority") return false;
  }
  return method === 1 && scheme === 1 && path === 1;
}

/** True when there is no pseudo-header. */
export function areTrailers(list: readonly string[]): boolean {
  for (let i = 0; i < list.length; i += 2) if (list[i]?.charCodeAt(0) === COLON) return false;
  return true;
}

/** The first value of a header in a list of name, value, name, value, … */
export function headerOf(list: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < list.length; i += 2) if (list[i] === name) return list[i + 1];
  return undefined;
}

const COLON = 0x3a;
