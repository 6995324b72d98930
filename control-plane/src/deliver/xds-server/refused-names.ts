import type { NamedVersion } from "./events.ts";

/**
 * Of several clusters or listeners that a client refused together, those that it names: Envoy takes the others nevertheless. All of
 * them where it names none.
 */
export function refusedAmong(sent: readonly NamedVersion[], message: string): readonly NamedVersion[] {
  if (sent.length < 2) return sent;
  const named = sent.filter(({ name }) => isNamed(name, message));
  return named.length === 0 ? sent : named;
}

/** Whether a name stands in a text by itself, not as a part of a longer one. */
function isNamed(name: string, text: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (!isOfName(text[at - 1]) && !isOfName(text[at + name.length])) return true;
  }
  return false;
}

function isOfName(character: string | undefined): boolean {
  return character !== undefined && /[\w/-]/.test(character);
}
