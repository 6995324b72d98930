import type { Match, NamedTest, PathTest } from "../route-policy.ts";

/** Something that a request must have, from a match that was checked; names of headers in lower case. */
export type MatchCondition =
  | { readonly on: "header" | "cookie" | "query"; readonly name: string; readonly test: TextCheck }
  | { readonly on: "path"; readonly test: TextCheck }
  | { readonly on: "method"; readonly test: TextCheck }
  | { readonly on: "transport"; readonly transport: "rest" | "grpc" };

/** How a text is looked at, byte by byte. */
export type TextCheck =
  | { readonly kind: "present" }
  | { readonly kind: "absent" }
  | { readonly kind: "exact" | "prefix" | "suffix" | "contains"; readonly text: string };

/** The tests that compare with a text. */
export const TEXT_TESTS = ["exact", "prefix", "suffix", "contains"] as const;

/** Every condition of a match, in the order of its fields; each tests one thing. */
export function readConditions(match: Match = {}): readonly MatchCondition[] {
  const { headers = [], cookies = [], query = [], method, path, transport } = match;
  return [
    ...(transport === undefined ? [] : [{ on: "transport", transport } as const]),
    ...(method === undefined ? [] : [{ on: "method", test: { kind: "exact", text: method } } as const]),
    ...(path === undefined ? [] : readTests(path).map((test) => ({ on: "path", test }) as const)),
    ...headers.flatMap((one) => readNamed("header", one.name.toLowerCase(), one)),
    ...cookies.flatMap((one) => readNamed("cookie", one.name, one)),
    ...query.flatMap((one) => readNamed("query", one.name, one)),
  ];
}

function readNamed(on: "header" | "cookie" | "query", name: string, given: NamedTest): readonly MatchCondition[] {
  const { present } = given;
  const tests: readonly TextCheck[] =
    present === undefined ? readTests(given) : [...readTests(given), { kind: present ? "present" : "absent" }];
  return tests.map((test) => ({ on, name, test }));
}

function readTests(given: PathTest): readonly TextCheck[] {
  return TEXT_TESTS.flatMap((kind) => {
    const text = given[kind];
    return text === undefined ? [] : [{ kind, text }];
  });
}
