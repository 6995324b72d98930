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
  | { readonly type: "stickyKey" };

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

/** Headers and cookies are HTTP tokens (RFC 9110, 6265); a query parameter is anything without `&`, `=`, `#` or space. */
export function isKeyName(kind: StickyKeySource["kind"], name: string): boolean {
  return kind === "query" ? /^[^&=#\s]+$/.test(name) : HTTP_TOKEN.test(name);
}
