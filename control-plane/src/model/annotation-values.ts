/** Which part of a request keeps it on its predictor; gRPC metadata is a header. */
export type StickyKeySource =
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "cookie"; readonly name: string }
  | { readonly kind: "query"; readonly name: string };

/** The form of an annotation's value. Integers count `unit`s; a flag is on when it says `true` in any letter case. */
export type AnnotationForm =
  | { readonly type: "text" }
  | { readonly type: "flag" }
  | { readonly type: "integer"; readonly minimum: number; readonly unit: string }
  | { readonly type: "stickyKey" }
  | { readonly type: "headerMatch" };

/** A header that a request must have; with a value exactly that one. Names are in lower case. */
export interface HeaderMatch {
  readonly name: string;
  readonly value?: string;
}

/** How a form is described to a reader. */
export function describeForm(form: AnnotationForm): string {
  switch (form.type) {
    case "text":
      return "text";
    case "flag":
      return "`true` or `false`";
    case "integer":
      return `whole number${form.unit === "" ? "" : ` of ${form.unit}`}, at least ${form.minimum}`;
    case "stickyKey":
      return "`header:NAME`, `cookie:NAME` or `query:NAME`";
    case "headerMatch":
      return "`NAME`, `NAME:VALUE` or several of the latter, separated by colons";
  }
}

/** What is wrong with a value, if anything. */
export function faultOf(form: AnnotationForm, value: string): string | undefined {
  switch (form.type) {
    case "text":
      return value.trim() === "" ? "is empty" : undefined;
    case "flag":
      return /^(true|false)$/i.test(value) ? undefined : "is neither true nor false";
    case "integer": {
      const number = readInteger(value);
      if (number === undefined) return "is not a whole number";
      return number < form.minimum ? `is less than ${form.minimum}` : undefined;
    }
    case "stickyKey":
      return readStickyKey(value) === undefined ? "is not header:NAME, cookie:NAME or query:NAME" : undefined;
    case "headerMatch":
      return readHeaderMatches(value) === undefined ? "names no header, or has a value without a name" : undefined;
  }
}

/** A whole number as Go reads it: digits with an optional sign. */
export function readInteger(value: string): number | undefined {
  if (!/^[-+]?[0-9]+$/.test(value)) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

const HTTP_TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** `header:x-user`, `cookie:uid` or `query:user`. Header names count in lower case. */
export function readStickyKey(value: string): StickyKeySource | undefined {
  const [kind, ...rest] = value.split(":");
  const name = rest.join(":").trim();
  if (kind !== "header" && kind !== "cookie" && kind !== "query") return undefined;
  return isKeyName(kind, name) ? { kind, name: kind === "header" ? name.toLowerCase() : name } : undefined;
}

/** `location`: any value will do; `location:london`; `location:london:tier:gold`: both. As Seldon gives them to Ambassador. */
export function readHeaderMatches(value: string): readonly HeaderMatch[] | undefined {
  const parts = value.split(":").map((part) => part.trim());
  const matches: HeaderMatch[] = [];
  for (let index = 0; index < parts.length; index += 2) {
    const name = parts[index] ?? "";
    const wanted = parts[index + 1];
    if (!HTTP_TOKEN.test(name) || (wanted === undefined && parts.length > 1)) return undefined;
    matches.push({ name: name.toLowerCase(), ...(wanted === undefined ? {} : { value: wanted }) });
  }
  return matches;
}

/** Headers and cookies are HTTP tokens (RFC 9110, 6265); a query parameter is anything without `&`, `=`, `#` or space. */
export function isKeyName(kind: StickyKeySource["kind"], name: string): boolean {
  return kind === "query" ? /^[^&=#\s]+$/.test(name) : HTTP_TOKEN.test(name);
}
