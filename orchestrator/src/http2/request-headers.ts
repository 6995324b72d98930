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
  let authority = 0;
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
    else if (name === ":authority") authority += 1;
    else return false;
  }
  return method === 1 && scheme === 1 && path === 1 && authority <= 1;
}

/** True for a header list that is an answer's: `:status` once and in front, nothing of HTTP/1 (RFC 9113 §8.3.2). */
export function isResponse(list: readonly string[]): boolean {
  return list[0] === ":status" && /^[1-9]\d\d$/.test(list[1] ?? "") && areTrailers(list, 2);
}

/** True when there is no pseudo-header from `start` on (RFC 9113 §8.1), and nothing of HTTP/1. */
export function areTrailers(list: readonly string[], start = 0): boolean {
  for (let i = start; i < list.length; i += 2) {
    const name = list[i] ?? "";
    if (name.charCodeAt(0) === COLON || OF_HTTP1.has(name)) return false;
  }
  return true;
}

/** What `content-length` says; undefined without it, NaN where it is no number or not the same one twice (RFC 9110 §8.6). */
export function contentLength(list: readonly string[]): number | undefined {
  let length: number | undefined;
  for (let i = 0; i + 1 < list.length; i += 2) {
    if (list[i] !== "content-length") continue;
    const value = list[i + 1] ?? "";
    const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
    length = length === undefined || length === number ? number : NaN;
  }
  return length;
}

/** The first value of a header in a list of name, value, name, value, … */
export function headerOf(list: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < list.length; i += 2) if (list[i] === name) return list[i + 1];
  return undefined;
}

const COLON = 0x3a;
