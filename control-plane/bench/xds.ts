// How fast a change reaches many Envoys: node control-plane/bench/xds.ts [--clients 1000,2000] [--changes 20] [--scoped-bytes 20000]
// [--full-bytes 1048576] [--processes 2]. The server is this process; delta clients, a connection each, live in others. A change is
// made, and every client's ACK of it is awaited; latencies are from the change to the server's hearing of the ACK.
import { parseArgs } from "node:util";
import { versionOf } from "../src/render/xds/encode.ts";
import type { EncodedResource } from "../src/render/xds/resource.ts";
import { TYPE } from "../src/render/xds/type-urls.ts";
import type { XdsEvent } from "../src/deliver/xds-server/events.ts";
import type { NodeView } from "../src/deliver/xds-server/node-view.ts";
import { createResourceStore } from "../src/deliver/xds-server/resource-store.ts";
import { startXdsServer } from "../src/deliver/xds-server/server.ts";
import { cpuMs, startChild, type Child } from "./operator/child.ts";
import type { ClientQuestions } from "./xds/clients.ts";

const { values } = parseArgs({
  options: {
    clients: { type: "string", default: "1000,2000" },
    changes: { type: "string", default: "20" },
    "scoped-bytes": { type: "string", default: "20000" },
    "full-bytes": { type: "string", default: "1048576" },
    processes: { type: "string", default: "2" },
  },
});
const CHANGES = Number(values.changes);
const PROCESSES = Number(values.processes);
/** Clients that share a scope, such as the replicas of a gateway. */
const CLIENTS_PER_SCOPE = 20;
const WIRE_NAME = "graphway.gateway";
const ACK_WAIT_MS = 120_000;

interface Setting {
  readonly name: string;
  readonly bytes: number;
  /** Which scope a client belongs to. */
  readonly scopeOf: (client: number) => number;
  /** Which scopes a change touches. */
  readonly touched: "all" | "one";
}

const SCOPED_BYTES = Number(values["scoped-bytes"]);
const SETTINGS: readonly Setting[] = [
  { name: "scoped, one scope changes", bytes: SCOPED_BYTES, scopeOf: scopeOfTwenty, touched: "one" },
  { name: "scoped, all scopes change", bytes: SCOPED_BYTES, scopeOf: scopeOfTwenty, touched: "all" },
  { name: "one full table for all", bytes: Number(values["full-bytes"]), scopeOf: () => 0, touched: "all" },
];

function scopeOfTwenty(client: number): number {
  return Math.floor(client / CLIENTS_PER_SCOPE);
}

function tableOf(scope: number, change: number, bytes: number): EncodedResource {
  const text = Buffer.alloc(bytes, `${scope}/${change} `);
  return { typeUrl: TYPE.filterConfig, name: `table/${scope}`, bytes: text, version: versionOf(text) };
}

function viewOf(scope: number): NodeView {
  const stored = `table/${scope}`;
  const aliases = new Map([[TYPE.filterConfig, new Map([[WIRE_NAME, stored]])]]);
  return { sees: (_, name) => name === stored, aliases };
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** Waits for the ACKs of certain versions. */
class AckWatch {
  #wanted: ReadonlySet<string> = new Set();
  #left = 0;
  #sinceMs = 0;
  #done: (() => void) | undefined;
  readonly latenciesMs: number[] = [];

  heard(event: XdsEvent): void {
    if (event.kind === "nack") throw new Error(`a client refused: ${event.message}`);
    if (event.kind !== "ack" || !event.resources.some(({ version }) => this.#wanted.has(version))) return;
    this.latenciesMs.push(performance.now() - this.#sinceMs);
    this.#left -= 1;
    if (this.#left === 0) this.#done?.();
  }

  async during(versions: ReadonlySet<string>, clients: number, change: () => void): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => {
      reject(new Error(`${this.#left} of ${clients} clients did not accept in time`));
    }, ACK_WAIT_MS);
    [this.#wanted, this.#left, this.#sinceMs] = [versions, clients, performance.now()];
    this.#done = () => {
      resolve(undefined);
    };
    change();
    await promise.finally(() => {
      clearTimeout(timer);
    });
  }
}

async function connectAll(url: string, clients: number): Promise<readonly Child<ClientQuestions>[]> {
  const children = Array.from({ length: PROCESSES }, () => startChild<ClientQuestions>("../xds/clients.ts"));
  const share = Math.ceil(clients / PROCESSES);
  await Promise.all(
    children.map((child, index) =>
      child.ask("open", { url, first: index * share, count: Math.max(0, Math.min(share, clients - index * share)) }),
    ),
  );
  return children;
}

function touchedScopes({ touched }: Setting, scopes: number, change: number): readonly number[] {
  return touched === "one" ? [change % scopes] : Array.from({ length: scopes }, (_, scope) => scope);
}

async function measure(setting: Setting, clients: number): Promise<readonly string[]> {
  const scopes = setting.scopeOf(clients - 1) + 1;
  const perScope = Array.from({ length: scopes }, () => 0);
  for (let client = 0; client < clients; client++)
    perScope[setting.scopeOf(client)] = (perScope[setting.scopeOf(client)] ?? 0) + 1;
  const store = createResourceStore();
  const watch = new AckWatch();
  const server = await startXdsServer({
    address: "127.0.0.1:0",
    store,
    viewFor: ({ id }) => viewOf(setting.scopeOf(Number(id.split("~")[1]))),
    onEvent: (event) => {
      watch.heard(event);
    },
    onError: (error) => {
      throw error;
    },
  });
  const tables = (list: readonly number[], change: number): readonly EncodedResource[] =>
    list.map((scope) => tableOf(scope, change, setting.bytes));
  store.apply({ set: tables(Array.from(perScope.keys()), 0), remove: [] });
  const before = process.memoryUsage().rss;
  const children = await connectAll(`http://${server.address}`, clients);
  const cpuBefore = cpuMs();
  for (let change = 1; change <= CHANGES; change++) {
    const touched = touchedScopes(setting, scopes, change);
    const set = tables(touched, change);
    const expected = touched.reduce((sum, scope) => sum + (perScope[scope] ?? 0), 0);
    await watch.during(new Set(set.map(({ version }) => version)), expected, () => {
      store.apply({ set, remove: [] });
    });
  }
  const cpu = (cpuMs() - cpuBefore) / CHANGES;
  const rss = process.memoryUsage().rss;
  for (const child of children) await child.stop();
  await server.close();
  const sorted = watch.latenciesMs.toSorted((a, b) => a - b);
  const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0);
  return [
    String(clients),
    setting.name,
    String(setting.bytes),
    String(sorted.length),
    percentile(sorted, 0.5).toFixed(1),
    percentile(sorted, 0.99).toFixed(1),
    percentile(sorted, 1).toFixed(1),
    cpu.toFixed(1),
    mib(rss),
    mib(rss - before),
  ];
}

const HEAD = [
  "clients",
  "table",
  "bytes",
  "ACKs",
  "p50 ms",
  "p99 ms",
  "max ms",
  "CPU ms/change",
  "RSS MiB",
  "grown MiB",
];
const print = (cells: readonly string[]): void => void process.stdout.write(`| ${cells.join(" | ")} |\n`);
print(HEAD);
print(HEAD.map(() => "---"));
for (const clients of values.clients.split(",").map(Number))
  for (const setting of SETTINGS) print(await measure(setting, clients));
