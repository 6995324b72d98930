/** Who stands behind a verified client certificate: `spiffe://<trustDomain>/ns/<namespace>/sa/<account>`. */
export interface MeshPeer {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly account: string;
}

/**
 * The peer of our own sidecar, from `x-forwarded-client-cert`. Only the last element is read: the sidecar appends it, whatever stands
 * before came with the request. Undefined: no single SPIFFE id of Istio's shape stands there, or it is of another trust
 * domain than our own certificate (`By`). Values may be quoted (Envoy, HTTP connection manager: x-forwarded-client-cert).
 */
export function lastMeshPeer(values: readonly string[]): MeshPeer | undefined {
  const last = split(values.join(","), ",")?.at(-1);
  const pairs = last === undefined ? undefined : split(last, ";")?.map(readPair);
  if (pairs === undefined) return undefined;
  const named = (name: string): readonly string[] => pairs.filter((one) => one.name === name).map((one) => one.value);
  const uris = named("uri");
  const peer = uris.length === 1 ? readSpiffe(uris[0] ?? "") : undefined;
  if (peer === undefined) return undefined;
  const own = named("by").map((uri) => readSpiffe(uri)?.trustDomain);
  return own.every((domain) => domain === peer.trustDomain) ? peer : undefined;
}

/** At separators outside of quotes; undefined: a quote is left open. */
function split(text: string, separator: "," | ";"): readonly string[] | undefined {
  const parts: string[] = [];
  let from = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted && character === "\\") at += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === separator) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return quoted ? undefined : [...parts, text.slice(from)];
}

function readPair(text: string): { readonly name: string; readonly value: string } {
  const at = text.indexOf("=");
  const value = text.slice(at + 1).trim();
  const isQuoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"');
  return {
    name: text.slice(0, Math.max(at, 0)).trim().toLowerCase(),
    value: isQuoted ? value.slice(1, -1).replaceAll(/\\(.)/g, "$1") : value,
  };
}

function readSpiffe(uri: string): MeshPeer | undefined {
  const [, trustDomain, namespace, account] =
    /^spiffe:\/\/([a-z0-9._-]+)\/ns\/([a-z0-9-]+)\/sa\/([a-z0-9.-]+)$/.exec(uri) ?? [];
  if (trustDomain === undefined || namespace === undefined || account === undefined) return undefined;
  return { trustDomain, namespace, account };
}
