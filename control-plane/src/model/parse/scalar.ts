/** A scalar that YAML gives a value; `undefined` when the text does not fit the tag. */
export type ScalarValue = string | number | boolean | null;

const TRUE = new Set(["true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"]);
const FALSE = new Set(["false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"]);
const NULL = new Set(["", "~", "null", "Null", "NULL"]);
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const INTEGER = /^[-+]?(?:0|[1-9][0-9]*)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const RADIX = /^([-+]?)0(?:([bB])([01]+)|([xX])([0-9a-fA-F]+)|[oO]?([0-7]+))$/;

/**
 * Reads a plain scalar as kubectl does: YAML 1.1 in the dialect of its parser, where `yes` and `on` are booleans, `017`
 * is octal, `1_000` is a number and dates stay text.
 */
export function resolvePlain(text: string): ScalarValue {
  if (NULL.has(text)) return null;
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  // JSON has no such numbers: they stay text.
  if (NOT_FINITE.test(text)) return text;
  return resolveNumber(text) ?? text;
}

function resolveNumber(text: string): number | undefined {
  if (!/^[-+.0-9]/.test(text)) return undefined;
  const digits = text.replaceAll("_", "");
  if (INTEGER.test(digits)) return Number(digits);
  const radix = RADIX.exec(digits);
  if (radix !== null) return readRadix(radix);
  if (!FLOAT.test(digits)) return undefined;
  const value = Number(digits);
  return Number.isFinite(value) ? value : undefined;
}

function readRadix(match: RegExpExecArray): number {
  const [, sign, binary, binaryDigits, hex, hexDigits, octalDigits] = match;
  const magnitude =
    binary !== undefined
      ? parseInt(binaryDigits ?? "", 2)
      : hex !== undefined
        ? parseInt(hexDigits ?? "", 16)
        : parseInt(octalDigits ?? "", 8);
  return sign === "-" ? -magnitude : magnitude;
}

/** Reads a scalar that carries a tag of YAML's own; `undefined` when the tag is unknown or the text does not fit it. */
export function resolveTagged(tag: string, text: string): ScalarValue | undefined {
  const plain = resolvePlain(text);
  switch (tag) {
    case "!":
    case "!!str":
    case "!!binary":
    case "!!timestamp":
      return tag === "!!binary" ? decodeBinary(text) : text;
    case "!!int":
      return typeof plain === "number" && Number.isInteger(plain) ? plain : undefined;
    case "!!float":
      return typeof plain === "number" ? plain : undefined;
    case "!!bool":
      return typeof plain === "boolean" ? plain : undefined;
    case "!!null":
      return plain === null ? null : undefined;
    default:
      return undefined;
  }
}

function decodeBinary(text: string): string | undefined {
  const compact = text.replaceAll(/\s/g, "");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  return Buffer.from(compact, "base64").toString("utf8");
}
