/** True for the same JSON, whatever the order of its fields; a field that is undefined is none. */
export function sameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other)) {
    return Array.isArray(one) && Array.isArray(other) && sameItems(one, other);
  }
  return sameFields(one as Fields, other as Fields);
}

type Fields = Readonly<Record<string, unknown>>;

function sameItems(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, index) => sameJson(item, other[index]));
}

/** The same for two objects, but for the fields of these names. */
export function sameFields(one: Fields, other: Fields, except?: ReadonlySet<string>): boolean {
  for (const name in one) if (except?.has(name) !== true && !sameJson(one[name], other[name])) return false;
  for (const name in other) {
    if (other[name] !== undefined && one[name] === undefined && except?.has(name) !== true) return false;
  }
  return true;
}
