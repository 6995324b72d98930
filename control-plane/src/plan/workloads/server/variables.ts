import type { Container, EnvVar } from "../../../model/kubernetes.ts";

/** A container with variables that it may set itself: its own win, the rest is added behind. */
export function withDefaultVariables(container: Container, variables: readonly EnvVar[]): Container {
  const own = container.env ?? [];
  const added = variables.filter((one) => !own.some(({ name }) => name === one.name));
  return added.length === 0 ? container : { ...container, env: [...own, ...added] };
}

/** A container with a variable that is set whatever it says itself. */
export function withVariable(container: Container, variable: EnvVar): Container {
  const others = (container.env ?? []).filter(({ name }) => name !== variable.name);
  return { ...container, env: [...others, variable] };
}
