import { get } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";

const LOOK_AGAIN_MS = 30;

/**
 * Whether Envoy itself listens: true once its listener is active, false when it could not take the port. Envoy accepts a listener whose
 * port another program takes in the same moment, and a connection to the port would then reach the other one.
 */
export async function isListening(adminSocket: string, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    const stats = await readStats(adminSocket);
    if (valueOf(stats, "total_listeners_active") > 0) return true;
    if (valueOf(stats, "listener_create_failure") > 0) return false;
    await delay(LOOK_AGAIN_MS, undefined, { signal });
  }
}

function valueOf(stats: string, name: string): number {
  return Number(new RegExp(`listener_manager\\.${name}: (\\d+)`).exec(stats)?.[1] ?? 0);
}

/** Empty while Envoy does not answer. */
function readStats(socketPath: string): Promise<string> {
  return new Promise((resolve) => {
    const request = get({ socketPath, path: "/stats?filter=listener_manager" }, (response) => {
      text(response).then(resolve, () => {
        resolve("");
      });
    });
    request.on("error", () => {
      resolve("");
    });
  });
}
