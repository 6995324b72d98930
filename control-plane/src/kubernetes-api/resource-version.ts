/**
 * Compares two resource versions: below 0 when the first is older, 0 for the same. Undefined when nothing can be said:
 * only decimal numbers have an order.
 */
export function compareVersions(one: string | undefined, other: string | undefined): number | undefined {
  if (one === undefined || other === undefined) return undefined;
  if (one === other) return 0;
  if (!isNumber(one) || !isNumber(other)) return undefined;
  if (one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : 1;
}

function isNumber(version: string): boolean {
  return /^[1-9][0-9]*$|^0$/.test(version);
}
