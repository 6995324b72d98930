import { request } from "node:http";

const ASK_TIMEOUT_MS = 2000;

/**
 * Tells the Envoy behind an admin socket that it ends soon: it is not ready any more, and with every answer asks its client
 * to go elsewhere. It goes on answering, and `welcomeClients` takes it back.
 */
export function sendClientsElsewhere(adminSocket: string): Promise<void> {
  return post(adminSocket, "/healthcheck/fail");
}

/** Takes `sendClientsElsewhere` back. */
export function welcomeClients(adminSocket: string): Promise<void> {
  return post(adminSocket, "/healthcheck/ok");
}

/** True while an Envoy answers behind an admin socket. */
export async function isAlive(adminSocket: string): Promise<boolean> {
  try {
    await ask(adminSocket, "/ready", "GET");
    return true;
  } catch {
    return false;
  }
}

async function post(adminSocket: string, path: string): Promise<void> {
  const status = await ask(adminSocket, path, "POST");
  if (status !== 200) throw new Error(`Envoy answers ${path} with ${String(status)}`);
}

function ask(socketPath: string, path: string, method: "GET" | "POST"): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method, timeout: ASK_TIMEOUT_MS }, (response) => {
      response.resume();
      response.on("end", () => {
        resolve(response.statusCode ?? 0);
      });
      response.on("error", reject);
    });
    call.on("timeout", () => call.destroy(new Error(`Envoy does not answer ${path}`)));
    call.on("error", reject);
    call.end();
  });
}
