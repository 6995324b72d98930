import { seldonApi } from "./seldon-api.ts";
import { v2Api } from "./v2-api.ts";
import { PAGE, PAGE_CSP } from "./page.ts";

/** A document as it is sent. */
export interface DocumentText {
  readonly text: string;
  readonly contentType: string;
  readonly csp: string;
}

/** Nothing may be loaded or run in the name of a plain description. */
const NOTHING = "default-src 'none'; frame-ancestors 'none'";

/** The description of an API, or the page that shows the one it stands beside. */
export function documentText(name: "index.html" | "seldon.json" | "dataplane.yaml"): DocumentText {
  switch (name) {
    case "index.html":
      return { text: PAGE, contentType: "text/html; charset=utf-8", csp: PAGE_CSP };
    case "seldon.json":
      return { text: JSON.stringify(seldonApi()), contentType: "application/json", csp: NOTHING };
    case "dataplane.yaml":
      // Every JSON text is YAML.
      return { text: JSON.stringify(v2Api(), undefined, 2), contentType: "application/yaml", csp: NOTHING };
  }
}
