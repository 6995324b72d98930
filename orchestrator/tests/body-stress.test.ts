import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { readContents, type Content } from "./known-content.ts";
import { KnownClient, type Manner } from "./known-client.ts";
import type { Protocol } from "./known-messages.ts";
import { EARLY, startMoodyNode, type Mood, type MoodyNode } from "./moody-node.ts";
import { startTestApp } from "./orchestrator.ts";
import { seededRandom } from "./seeded-random.ts";

/** How long bodies are sent, and on a busy machine until there were enough of each kind; more by hand. */
const SECONDS = Number(process.env["BODY_STRESS_SECONDS"] ?? "6");
const AT_ONCE_EACH = 2;
const MAX_BYTES = 3_000_000;
const MAX_CALL_MS = 60_000;
const MAX_ENOUGH_MS = 90_000;
const MAX_FREED_MS = 30_000;
const MAX_GROWTH_BYTES = 60e6;

const GOOD: readonly Mood[] = ["echo", "echo", "late", "slow", "slow"];
const FLAKY: readonly Mood[] = [...GOOD, "early", "early", "fail", "reset", "reset"];
const SKIP = { parameters: [{ name: "onError", value: "skip", type: "STRING" }] };

interface Setup {
  readonly name: string;
  readonly protocol: Protocol;
  readonly graph: unknown;
  /** Whether every call must succeed. */
  readonly isReliable: boolean;
}

type Place = (fields: Readonly<Record<string, unknown>>, node: MoodyNode, type?: "REST" | "GRPC") => unknown;

const place: Place = (fields, { httpPort, grpcPort }, type) => {
  const at = { service_host: "127.0.0.1", service_port: httpPort, httpPort, grpcPort };
  return { ...fields, endpoint: type === undefined ? at : { ...at, type } };
};

interface Nodes {
  readonly good: MoodyNode;
  readonly flaky: MoodyNode;
  readonly hasty: MoodyNode;
  readonly router: MoodyNode;
  readonly leafRouter: MoodyNode;
}

function setupsOf({ good, flaky, hasty, router, leafRouter }: Nodes): Setup[] {
  const model = (name: string, node = good, more = {}): unknown => place({ name, type: "MODEL", ...more }, node);
  const single = model("m");
  const chain = place({ name: "t", type: "TRANSFORMER", children: [single] }, good);
  const grpcModel = place({ name: "m", type: "MODEL" }, good, "GRPC");
  const mixed = place({ name: "t", type: "TRANSFORMER", children: [grpcModel] }, good, "REST");
  const two = [model("m"), model("n")];
  const combiner = (children: readonly unknown[], name = "c", more = {}): unknown =>
    place({ name, type: "COMBINER", children, ...more }, good);
  const skipping = combiner([model("m"), model("x", flaky, SKIP), model("h", hasty)]);
  const inner = combiner([model("x", flaky), model("n"), model("h", hasty)], "inner", SKIP);
  const routerOf = (node: MoodyNode): unknown => place({ name: "r", type: "ROUTER", children: two }, node);
  const restRouter = place({ name: "r", type: "ROUTER", children: two }, router, "REST");
  const seldon = { protocol: "seldon", isReliable: true } as const;
  const v2 = { protocol: "v2", isReliable: true } as const;
  return [
    { ...seldon, name: "single", graph: single },
    { ...seldon, name: "chain", graph: chain },
    { ...seldon, name: "mixed", graph: mixed },
    { ...seldon, name: "router", graph: routerOf(router) },
    { ...seldon, name: "leaf router", graph: routerOf(leafRouter) },
    { ...seldon, name: "combiner", graph: skipping },
    { ...seldon, name: "nested", graph: combiner([model("m"), inner]) },
    { ...seldon, name: "built in", graph: { name: "b", type: "MODEL", implementation: "SIMPLE_MODEL" } },
    { ...seldon, name: "flaky", graph: model("m", flaky), isReliable: false },
    { ...v2, name: "v2 single", graph: single },
    { ...v2, name: "v2 chain", graph: chain },
    { ...v2, name: "v2 mixed", graph: mixed },
    { ...v2, name: "v2 router", graph: restRouter },
    { ...v2, name: "v2 flaky", graph: model("m", flaky), isReliable: false },
  ];
}

/** Many are small, many are large. */
function randomSize(random: () => number): number {
  const [kind, share] = [random(), random()];
  if (kind < 0.3) return Math.floor(share * 2000);
  if (kind < 0.6) return 60_000 + Math.floor(share * 16_000);
  return Math.floor(share * (kind < 0.9 ? 400_000 : MAX_BYTES));
}

function randomManner(random: () => number): Manner {
  const kind = random();
  return kind < 0.15 ? "leaves" : kind < 0.35 ? "slow" : "prompt";
}

/** Throws where an answer is not that of the content that was sent. */
function checkAnswer(answer: Buffer, sent: Content): void {
  const contents = readContents(answer);
  const isOwn = contents.some(({ seed, size }) => seed === sent.seed && size === sent.size);
  const isEarly = contents.some(({ seed, size }) => seed === EARLY.seed && size === EARLY.size);
  assert.ok(isOwn || isEarly, `an answer without the content that was sent: ${answer.toString("latin1", 0, 200)}`);
  assert.ok(
    contents.every(({ seed }) => seed === sent.seed || seed === EARLY.seed),
    "another's content",
  );
  if (answer[0] === 0x7b) JSON.parse(answer.toString("utf8"));
}

function inTime(answer: Promise<Buffer>): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error("no answer"));
    }, MAX_CALL_MS);
    answer.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

it(
  `hands on bodies byte for byte for ${SECONDS} s, whoever hangs up`,
  { timeout: (SECONDS + 170) * 1000 },
  async () => {
    const faults: string[] = [];
    const onFault = (fault: string): void => void faults.push(fault);
    const none = [undefined] as unknown as readonly number[];
    const nodes = {
      good: await startMoodyNode(GOOD, none, onFault),
      flaky: await startMoodyNode(FLAKY, none, onFault),
      hasty: await startMoodyNode(["early"], none, onFault),
      router: await startMoodyNode(["early", "echo", "late"], [-2, -1, 0, 1], onFault),
      leafRouter: await startMoodyNode(["early", "slow"], [-2], onFault),
    };
    const beds = await Promise.all(
      setupsOf(nodes).map(async (setup) => {
        const app = await startTestApp(setup.graph, { flags: ["--protocol", setup.protocol] });
        return { ...setup, app, client: new KnownClient(setup.protocol, app.httpPort, app.grpcPort) };
      }),
    );
    const counts = { right: 0, failed: 0, left: 0, bytes: 0 };
    let seed = 0;
    const one = async ({ name, client, isReliable }: (typeof beds)[number]): Promise<void> => {
      const random = seededRandom((seed += 1));
      const content = { seed, size: randomSize(random) };
      const transport = random() < 0.5 ? "rest" : "grpc";
      const manner = randomManner(random);
      let answer: Buffer;
      try {
        answer = await inTime(client.call(transport, content, manner));
      } catch (error) {
        if (manner === "leaves" && !String(error).includes("no answer")) counts.left += 1;
        else if (isReliable) onFault(`${name} ${transport} ${manner} ${content.size}: ${String(error)}`);
        else counts.failed += 1;
        return;
      }
      try {
        checkAnswer(answer, content);
        counts.right += 1;
        counts.bytes += content.size;
      } catch (error) {
        onFault(`${name} ${transport} ${manner} ${content.size}: ${String(error)}`);
      }
    };
    try {
      const startMs = performance.now();
      const endMs = startMs + SECONDS * 1000;
      const hasEnough = (): boolean => counts.right > SECONDS * 5 && counts.left > 0 && counts.failed > 0;
      const goesOn = (): boolean => {
        const nowMs = performance.now();
        return faults.length === 0 && (nowMs < endMs || (!hasEnough() && nowMs < endMs + MAX_ENOUGH_MS));
      };
      const warmMs = startMs + SECONDS * 250;
      const loops = beds.flatMap((bed) =>
        Array.from({ length: AT_ONCE_EACH }, async () => {
          while (goesOn()) await one(bed);
        }),
      );
      await wait(warmMs - performance.now());
      const peaks = [process.memoryUsage().rss];
      await Promise.all(loops);
      const freedMs = performance.now() + MAX_FREED_MS;
      do {
        await wait(100);
        collectGarbage();
      } while (process.memoryUsage().arrayBuffers >= MAX_GROWTH_BYTES && performance.now() < freedMs);
      const { arrayBuffers, rss } = process.memoryUsage();
      const figures = `${JSON.stringify(counts)}, ${Math.round(arrayBuffers / 1e6)} MB held, rss ${[...peaks, rss].map((bytes) => Math.round(bytes / 1e6)).join(" -> ")} MB`;
      console.log(figures);
      assert.deepEqual(faults.slice(0, 5), []);
      assert.ok(hasEnough(), figures);
      assert.ok(arrayBuffers < MAX_GROWTH_BYTES, figures);
    } finally {
      for (const { client } of beds) client.close();
      await Promise.all(beds.map(({ app }) => app.stop()));
      await Promise.all(Object.values(nodes).map((node) => node.stop()));
    }
  },
);
