import type { DraftLogger } from "./draft.ts";
import type { NodeLogger } from "./graph.ts";

const MODES = ["request", "response", "all"];

/** A logger that can be used, or what is wrong with it: a node that can't be logged is still served. */
export function checkLogger(draft: DraftLogger, warn: (message: string) => void): NodeLogger | undefined {
  const { mode, url } = draft;
  if (!MODES.includes(mode)) {
    warn(`logger.mode "${mode}" is not one of ${MODES.join(", ")}; the node's payloads are not logged`);
    return undefined;
  }
  if (url !== "" && !isHttpUrl(url)) {
    warn(`logger.url "${url}" is not an http or https URL; the node's payloads are not logged`);
    return undefined;
  }
  return Object.freeze({ requests: mode !== "response", responses: mode !== "request", url });
}

/** Whether events can be posted there. */
export function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^/?#]/i.test(text) && URL.canParse(text);
}
