import type { ValidationRule } from "./json-schema.ts";

/** Exactly one of these optional fields is there. */
export function exactlyOneOf(...fields: readonly string[]): ValidationRule {
  const set = fields.map((field) => `has(self.${field})`).join(", ");
  return { rule: `[${set}].filter(x, x).size() == 1`, message: `needs exactly one of ${fields.join(", ")}` };
}

/** A name that HTTP allows (RFC 9110), and that is not ours. */
export const HEADER_NAME_RULES: readonly ValidationRule[] = [
  { rule: "self.matches('^[-!#$%&\\'*+.^_`|~0-9A-Za-z]+$')", message: "is not a name that a header can have" },
  {
    rule: "!self.lowerAscii().startsWith('x-graphway-')",
    message: "headers whose names begin with x-graphway- are taken from clients before they are looked at",
  },
];

export const COOKIE_NAME_RULES: readonly ValidationRule[] = [
  { rule: "self.matches('^[-!#$%&\\'*+.^_`|~0-9A-Za-z]+$')", message: "is not a name that a cookie can have" },
];

export const QUERY_NAME_RULES: readonly ValidationRule[] = [
  { rule: "self.matches('^[^&=#\\\\s]+$')", message: "is not a name that a query parameter can have" },
];

export const SHARES_RULES: readonly ValidationRule[] = [
  { rule: "self.exists(one, one.weight > 0)", message: "needs a weight above 0" },
];

export const STICKY_PART_RULES: readonly ValidationRule[] = [
  exactlyOneOf("header", "cookie", "query"),
  { rule: "!has(self.issue) || has(self.cookie)", message: "only a cookie can be issued" },
];

export const STICKY_KEYS_RULES: readonly ValidationRule[] = [
  { rule: "self.filter(one, has(one.issue)).size() <= 1", message: "only one cookie can be issued" },
];

export const COOKIE_TERMS_RULES: readonly ValidationRule[] = [
  {
    rule: "!has(self.sameSite) || self.sameSite != 'None' || (has(self.secure) && self.secure)",
    message: "sameSite None needs secure: true, or browsers drop the cookie",
  },
  {
    rule: "!has(self.path) || self.path.matches('^/[!-:<-~]*$')",
    message: "path must begin with a slash and have no blanks, semicolons or characters beyond ASCII",
  },
];

export const RULE_NAMES_RULES: readonly ValidationRule[] = [
  {
    rule: "self.all(one, !has(one.name) || self.filter(other, has(other.name) && other.name == one.name).size() == 1)",
    message: "two rules have the same name",
  },
];

export const RULE_NAME_RULES: readonly ValidationRule[] = [
  {
    rule: "self.matches('^[0-9A-Za-z]([-._0-9A-Za-z]*[0-9A-Za-z])?$')",
    message: "must be letters, digits, -, _ and ., beginning and ending with a letter or digit",
  },
];

export const METHOD_RULES: readonly ValidationRule[] = [
  { rule: "self.matches('^[A-Z]+$')", message: "must be a method in capitals, such as POST" },
];

export const SHADOW_RULES: readonly ValidationRule[] = [
  { rule: "!has(self.beside) || !(self.predictor in self.beside)", message: "no predictor is its own shadow" },
];

export const DEADLINE_RULES: readonly ValidationRule[] = [
  {
    rule: "!has(self.defaultMs) || !has(self.maxMs) || self.defaultMs <= self.maxMs",
    message: "defaultMs is above maxMs",
  },
];

export const LIMITS_RULES: readonly ValidationRule[] = [
  { rule: "!has(self.burst) || has(self.requestsPerSecond)", message: "burst needs requestsPerSecond" },
];

/** On the grant, not on the digest: what is refused there may be a secret, and servers show what they refuse. */
export const GRANT_RULES: readonly ValidationRule[] = [
  exactlyOneOf("secretSha256", "claim", "namespace"),
  {
    rule: "!has(self.secretSha256) || self.secretSha256.matches('^[0-9a-f]{64}$')",
    message: "secretSha256 must be 64 lower-case hexadecimal digits, the SHA-256 of the secret and not the secret",
  },
];

export const TARGET_RULES: readonly ValidationRule[] = [
  {
    rule: "self.group == 'machinelearning.seldon.io' && self.kind == 'SeldonDeployment'",
    message: "only a SeldonDeployment of machinelearning.seldon.io can be targeted",
  },
];
