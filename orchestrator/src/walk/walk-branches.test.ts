import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { graphOfEnginePredictor } from "../graph/from-file.ts";
import type { Graph } from "../graph/graph.ts";
import { pathHeader } from "../policy/answer-headers.ts";
import { CallError } from "../execute/call-error.ts";
import { jsonPayload } from "../execute/payload.ts";
import { predict } from "./predict.ts";
import type { NodeCaller, NodeRequest, PathStep, Run } from "../execute/run.ts";
import { Scope } from "../execute/scope.ts";

type OnError = "fail" | "skip" | "default";

interface Branch {
  readonly onError: OnError | undefined;
  readonly fails: boolean;
  /** Which of the branches ends first, second, … */
  readonly turn: number;
}

const IDENTITY = { namespace: "n", deployment: "d", predictor: "p" };
const endpoint = { service_host: "h", service_port: 1, httpPort: 1 };

function combinerOf(branches: readonly Branch[], minReady: number): Graph {
  const children = branches.map(({ onError }, i) => ({
    name: `m${i}`,
    type: "MODEL",
    endpoint,
    parameters: [
      ...(onError === undefined ? [] : [{ name: "onError", value: onError }]),
      ...(onError === "default" ? [{ name: "default", value: `{"strData":"default ${i}"}` }] : []),
    ],
  }));
  const parameters = minReady === 0 ? [] : [{ name: "minReady", value: String(minReady) }];
  const graph = { name: "c", type: "COMBINER", endpoint, parameters, children };
  const encoded = Buffer.from(JSON.stringify({ name: "p", graph })).toString("base64");
  const { value, problems } = graphOfEnginePredictor(encoded, IDENTITY, { protocol: "seldon", mergesMeta: false });
  assert.ok(value, JSON.stringify(problems));
  return value;
}

/** Branches answer in their turn; `c` answers with what it was given. */
class Scripted implements NodeCaller {
  readonly maxReplyBytes = 1024;
  readonly cancelled: string[] = [];
  readonly #branches: readonly Branch[];

  constructor(branches: readonly Branch[]) {
    this.#branches = branches;
  }

  async call({ node, payloads, scope }: NodeRequest) {
    if (node.name === "c") return jsonPayload(payloads.map((one) => JSON.parse(one.body.toString("utf8")) as unknown));
    const index = Number(node.name.slice(1));
    const branch = this.#branches[index];
    assert.ok(branch);
    await new Promise<void>((resolve, reject) => {
      let left = branch.turn;
      const stop = scope.onCancel((error) => {
        this.cancelled.push(node.name);
        reject(error);
      });
      const step = (): void => {
        left -= 1;
        if (left >= 0) return void setImmediate(step);
        stop();
        resolve();
      };
      step();
    });
    if (branch.fails) throw new CallError("node", `m${index} failed`);
    return jsonPayload({ strData: `answer ${index}` });
  }
}

function runOf(graph: Graph, caller: NodeCaller, path: PathStep[]): Run {
  return {
    graph,
    caller,
    calledBy: "rest",
    puid: "p",
    modelName: "",
    modelVersion: "",
    headers: { pairs: [], acceptEncoding: "" },
    forced: new Map(),
    routing: new Map(),
    path,
    random: () => 0,
    isShadow: false,
    meta: { kind: "untouched" },
  };
}

const branch = fc.record({
  onError: fc.constantFrom<OnError | undefined>(undefined, "fail", "skip", "default"),
  fails: fc.boolean(),
  turn: fc.nat({ max: 6 }),
});
const combiner = fc
  .array(branch, { minLength: 1, maxLength: 5 })
  .chain((branches) => fc.tuple(fc.constant(branches), fc.nat({ max: branches.length })));

describe("the branches of a combiner", () => {
  it("are aggregated, left out, replaced or fail all, whatever their order in time", async () => {
    await fc.assert(
      fc.asyncProperty(combiner, async ([branches, minReady]) => {
        const kinds = branches.map(({ onError }) => onError ?? (minReady > 0 ? "skip" : "fail"));
        const failsAll = branches.some(({ fails }, i) => fails && kinds[i] === "fail");
        const answers = branches.filter(({ fails }) => !fails).length;
        const inputs = branches.flatMap(({ fails }, i) =>
          fails ? (kinds[i] === "default" ? [{ strData: `default ${i}` }] : []) : [{ strData: `answer ${i}` }],
        );
        const caller = new Scripted(branches);
        const path: PathStep[] = [];
        const run = runOf(combinerOf(branches, minReady), caller, path);
        const walked = predict(run, jsonPayload({}), new Scope(Infinity));
        if (failsAll || answers < minReady || inputs.length === 0) {
          await assert.rejects(walked, (error) => error instanceof CallError && /^m\d failed$/.test(error.message));
          return;
        }
        assert.deepEqual(JSON.parse((await walked).body.toString("utf8")), inputs);
        assert.deepEqual(caller.cancelled, []);
        for (const [i, { fails }] of branches.entries()) {
          assert.equal(run.routing.get(`m${i}`), fails ? -2 : -1);
          const step = path.find((one) => one.node === `m${i}`);
          assert.equal(step?.operation, fails ? (kinds[i] === "default" ? "default" : "skip") : undefined);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("fail with the first failure by index when too many have failed, and the rest is cancelled", async () => {
    const branches: Branch[] = [
      { onError: undefined, fails: false, turn: 1000 },
      { onError: undefined, fails: true, turn: 5 },
      { onError: undefined, fails: true, turn: 1 },
    ];
    const caller = new Scripted(branches);
    const run = runOf(combinerOf(branches, 2), caller, []);
    await assert.rejects(predict(run, jsonPayload({}), new Scope(Infinity)), { message: "m1 failed" });
    assert.deepEqual(caller.cancelled, ["m0"]);
  });

  it("that may fail do not hide that the request itself has ended", async () => {
    const branches: Branch[] = [
      { onError: "skip", fails: false, turn: 1000 },
      { onError: "default", fails: true, turn: 0 },
    ];
    const scope = new Scope(Infinity);
    const walked = predict(runOf(combinerOf(branches, 0), new Scripted(branches), []), jsonPayload({}), scope);
    setImmediate(() => {
      scope.cancel(new CallError("cancelled", "the client went away"));
    });
    await assert.rejects(walked, { message: "the client went away" });
  });

  it("are at rest when the walk is over, though one goes on for a while after it was cancelled", async () => {
    let isAtRest = false;
    const caller: NodeCaller = {
      maxReplyBytes: 1024,
      call: async ({ node }) => {
        if (node.name === "m0") throw new CallError("node", "m0 failed");
        for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
        isAtRest = true;
        return jsonPayload({});
      },
    };
    const branches: Branch[] = [
      { onError: "fail", fails: true, turn: 0 },
      { onError: "fail", fails: false, turn: 5 },
    ];
    const walked = predict(runOf(combinerOf(branches, 0), caller, []), jsonPayload({}), new Scope(Infinity));
    await assert.rejects(walked, { message: "m0 failed" });
    assert.equal(isAtRest, true);
  });

  it("are told of in the path", () => {
    const steps: PathStep[] = [
      { node: "r", operation: "forced", branch: 1, durationMs: 0 },
      { node: "ab", operation: "abtest", branch: 0, durationMs: 0 },
      { node: "a b\ud800\r\n", operation: "skip", durationMs: 1.26 },
      { node: "d", operation: "default", durationMs: 2 },
    ];
    assert.equal(pathHeader(steps), "r/forced:1=0.0;ab/abtest:0=0.0;a%20b%EF%BF%BD%0D%0A/skip=1.3;d/default=2.0");
  });
});
