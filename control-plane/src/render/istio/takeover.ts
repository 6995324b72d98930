import { HEADER_PREDICTOR, HEADER_SELDON } from "#proto/vocabulary/headers.ts";
import type { Takeover } from "../../plan/deployment-plan.ts";
import { urlPrefix } from "../../plan/urls.ts";
import type { JsonObject } from "../xds/resource.ts";

interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** A deployment that answers some requests of another one, with the entries of its own VirtualService. */
export interface TakeoverRoutes {
  readonly from: Named;
  readonly headers: Takeover["headers"];
  readonly http: readonly JsonObject[];
}

type EntryMatch = JsonObject & {
  readonly uri?: Readonly<Record<string, string>>;
  readonly headers?: JsonObject;
};

function matchesOf(entry: JsonObject): readonly EntryMatch[] {
  return (entry["match"] ?? []) as readonly EntryMatch[];
}

/** Prefix of the names of the entries by which others answer a deployment's requests. */
function takeoverPrefix({ namespace, name }: Named): string {
  return `graphway.${namespace}.${name}.takeover.`;
}

/**
 * The filter knows nothing of takeovers: entries that follow its choice stay with their own deployment. What others
 * answer for it is not handed on either, or two that answer for each other would hand it to and fro for ever.
 */
function isOwn(entry: JsonObject, from: Named): boolean {
  const followsFilter = matchesOf(entry).some(({ headers = {} }) => Object.hasOwn(headers, HEADER_PREDICTOR));
  const name = entry["name"];
  return !followsFilter && !(typeof name === "string" && name.startsWith(takeoverPrefix(from)));
}

function moveUri(uri: Readonly<Record<string, string>>, from: Named, to: Named): JsonObject {
  const [before, after] = [urlPrefix(from), urlPrefix(to)];
  const moved = Object.entries(uri).map(
    ([kind, text]) => [kind, text.startsWith(before) ? `${after}${text.slice(before.length)}` : text] as const,
  );
  return Object.fromEntries(moved);
}

function moveEntry(entry: JsonObject, { from, headers }: TakeoverRoutes, to: Named, position: number): JsonObject {
  const wanted = headers.map(({ name, value }) => [name, value === undefined ? {} : { exact: value }] as const);
  const match = matchesOf(entry).map((one): JsonObject => {
    const own = one.headers ?? {};
    const named = Object.hasOwn(own, HEADER_SELDON) ? { ...own, [HEADER_SELDON]: { exact: to.name } } : own;
    return {
      ...one,
      ...(one.uri === undefined ? {} : { uri: moveUri(one.uri, from, to) }),
      headers: { ...named, ...Object.fromEntries(wanted) },
    };
  });
  const name = `${takeoverPrefix(to)}${from.name}.${position}`;
  const rest = Object.entries(entry).filter(([key]) => key !== "name" && key !== "match");
  return { name, match, ...Object.fromEntries(rest) };
}

/**
 * The entries by which other deployments answer some of a deployment's requests. They stand in that deployment's own
 * VirtualService, before its own: Istio goes through VirtualServices of one host by their age, and those that take over
 * are mostly the younger ones.
 */
export function takeoverEntries(to: Named, takeovers: readonly TakeoverRoutes[]): readonly JsonObject[] {
  return takeovers.flatMap((one) =>
    one.http.filter((entry) => isOwn(entry, one.from)).map((entry, index) => moveEntry(entry, one, to, index + 1)),
  );
}
