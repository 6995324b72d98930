import type { Fields, Kubectl } from "./kubectl.ts";

/** Where CustomResourceDefinitions are: files or folders, or the definitions themselves. */
export type DefinitionSource = { readonly path: string } | { readonly definitions: readonly Fields[] };

export interface Definitions {
  /** They were not there before. */
  readonly brought: boolean;
  takeAway(): Promise<void>;
}

/**
 * Brings CustomResourceDefinitions of these names where they are not. Takes those away again that it brought, for an
 * installation to find its place free.
 */
export async function bringDefinitions(
  kubectl: Kubectl,
  names: readonly string[],
  source: DefinitionSource,
): Promise<Definitions> {
  const { ok: isThere } = await kubectl.try(["get", "crd", ...names]);
  if (!isThere) {
    if ("path" in source) await kubectl.run(["apply", "--server-side", "-f", source.path]);
    else for (const one of source.definitions) await kubectl.run(["apply", "--server-side", "-f", "-"], one);
  }
  await kubectl.run(["wait", "--for=condition=Established", "crd", ...names, "--timeout=120s"]);
  return {
    brought: !isThere,
    async takeAway() {
      if (!isThere) await kubectl.run(["delete", "crd", ...names]);
    },
  };
}
