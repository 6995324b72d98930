import { MAX_FORCE_BYTES } from "../vocabulary/table-layout.ts";

/** What `x-graphway-force` asks for, such as `predictor=canary;eg-router=1;shadow=off`. */
export interface Force {
  readonly predictor?: string;
  /** `node=branch` pairs in the order written. */
  readonly branches: readonly string[];
  readonly shadowsOff: boolean;
}

const BRANCH = /^[A-Za-z0-9._-]+=-?[0-9]{1,4}$/;

/** Reads a force header; undefined when any part is malformed, says something twice or names no predictor of the split. */
export function parseForce(text: string, predictors: readonly string[]): Force | undefined {
  if (text.length > MAX_FORCE_BYTES) return undefined;
  let predictor: string | undefined;
  let shadowsOff = false;
  const branches: string[] = [];
  for (const raw of text.split(";")) {
    const part = raw.replace(/^[ \t]+|[ \t]+$/g, "");
    if (part === "") continue;
    if (part.startsWith("predictor=")) {
      const name = part.slice("predictor=".length);
      if (predictor !== undefined || !predictors.includes(name)) return undefined;
      predictor = name;
    } else if (part.startsWith("shadow=")) {
      if (shadowsOff || part !== "shadow=off") return undefined;
      shadowsOff = true;
    } else if (BRANCH.test(part)) branches.push(part);
    else return undefined;
  }
  return { ...(predictor === undefined ? {} : { predictor }), branches, shadowsOff };
}
