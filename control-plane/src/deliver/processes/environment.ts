import type { EnvVar } from "../../plan/deployment-plan.ts";
import { expandVariables } from "./expand.ts";

/** What a local process inherits from graphway's own environment; everything else comes from the manifest. */
export const INHERITED_VARIABLES = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "TMPDIR",
  "TZ",
  "LANG",
  "LANGUAGE",
  "LC_ALL",
  "LC_CTYPE",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
] as const;

/** The inherited variables that are set in `source`. */
export function inheritedEnvironment(source: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const name of INHERITED_VARIABLES) {
    const value = source[name];
    if (value !== undefined) out[name] = value;
  }
  return out;
}

/**
 * The variables of a container with `$(NAME)` expanded in the order of definition: a value sees those defined before
 * it, as in Kubernetes. Variables without a value (from secrets, fields) are left out, so references to them stay text.
 */
export function containerEnvironment(env: readonly EnvVar[]): Record<string, string> {
  const out = new Map<string, string>();
  for (const one of env) {
    if ("value" in one)
      out.set(
        one.name,
        expandVariables(one.value, (name) => out.get(name)),
      );
  }
  return Object.fromEntries(out);
}
