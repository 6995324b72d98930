/**
 * Whether a variable switches something on: true, on, 1 or yes in any letter case. Anything else is off, `false` too,
 * which Seldon 1.17.1 reads as on.
 */
export function isSwitchedOn(value: string | undefined): boolean {
  return value !== undefined && /^(true|on|1|yes)$/i.test(value.trim());
}
