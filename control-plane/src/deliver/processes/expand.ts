const OPEN = "(";
const CLOSE = ")";

/**
 * Expands `$(NAME)` as Kubernetes does in `command`, `args` and `env`: an unknown name stays as it is written, `$$` is
 * one dollar (so `$$(NAME)` gives the text `$(NAME)`), a dollar before anything else is just a dollar.
 */
export function expandVariables(text: string, lookUp: (name: string) => string | undefined): string {
  let out = "";
  let at = 0;
  for (;;) {
    const dollar = text.indexOf("$", at);
    if (dollar < 0 || dollar + 1 >= text.length) return out + text.slice(at);
    out += text.slice(at, dollar);
    const next = text[dollar + 1];
    const close = next === OPEN ? text.indexOf(CLOSE, dollar + 2) : -1;
    if (close >= 0) {
      const name = text.slice(dollar + 2, close);
      out += lookUp(name) ?? `$(${name})`;
      at = close + 1;
    } else {
      // `$$` becomes one dollar; `$x` and an unclosed `$(` stay.
      out += next === "$" ? "$" : `$${next ?? ""}`;
      at = dollar + 2;
    }
  }
}
