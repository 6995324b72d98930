import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "..");

/** The manifests of a golden case. */
export function inputOf(name: string): string {
  return join(ROOT, "control-plane", "testdata", name, "in.yaml");
}

/** How a command ended, and what it said. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
