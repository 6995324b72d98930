import assert from "node:assert/strict";
import { once } from "node:events";
import type { Http2Server } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { it } from "node:test";
import type { App } from "../src/app.ts";
import { startBed, startTestApp, type BedOptions, type Replies, type TestBed, type TestNode } from "./orchestrator.ts";

const MODEL: TestNode = { name: "m", type: "MODEL" };
const ECHO: Replies = { "m/predict": { body: { strData: "ok" } } };

/** A test with an orchestrator before one model; whatever happens, it lives on. */
export function bedTest(
  name: string,
  check: (bed: TestBed) => Promise<void>,
  replies = ECHO,
  options?: BedOptions,
): void {
  it(name, async () => {
    const bed = await startBed(MODEL, replies, options);
    try {
      await check(bed);
      assert.equal((await fetch(`${bed.url}/live`)).status, 200, "it lives");
    } finally {
      await bed.stop();
    }
  });
}

/** A graph of one model at a port that the test serves itself. */
export function appBefore(port: number, options?: BedOptions): Promise<App> {
  const endpoint = { service_host: "127.0.0.1", service_port: port, httpPort: port, grpcPort: port };
  return startTestApp({ ...MODEL, endpoint }, options);
}

/** Listens on a free port of this machine, or on this one. */
export async function listening(server: Server | Http2Server, port = 0): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
