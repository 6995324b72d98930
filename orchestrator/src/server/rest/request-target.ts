/**
 * The path of a request target, without its query. Clients that take us for a proxy write the origin before it; a server
 * has to take that too (RFC 9112 §3.2.2).
 */
export function pathOf(target: string): string {
  const from = target.startsWith("/") ? 0 : originLength(target);
  const query = target.indexOf("?", from);
  return target.slice(from, query === -1 ? target.length : query) || "/";
}

function originLength(target: string): number {
  const [origin = ""] = /^https?:\/\/[^/?]*/i.exec(target) ?? [];
  return origin.length;
}
