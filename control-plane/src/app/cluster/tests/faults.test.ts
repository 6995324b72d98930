import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chanceOf } from "../../../deliver/rollout/simulation-for-tests.ts";
import type { Fault, FakeRequest } from "../../../kubernetes-api/tests/fake-faults.ts";
import { startFaultyCluster, type FaultyCluster, type Picture, type StartOptions } from "./faulty-cluster-for-tests.ts";
import { STORY } from "./story-for-tests.ts";
import { undoAfterEach } from "./undo-for-tests.ts";

const WRITE_VERBS: ReadonlySet<string> = new Set(["apply", "patch", "delete", "replace", "create"]);
const CHAPTERS = STORY.filter(({ title }) => ["create", "add a canary", "rename the canary", "delete"].includes(title));
/** Calls that an undisturbed story takes at most, and what faults may add to each that they hit. */
const CALLS = 300;
const CALLS_PER_FAULT = 4;

const undo = undoAfterEach();

const cluster = (): Promise<FaultyCluster> => undo.stopping(startFaultyCluster());

/** What must not be touched by what happens to others. */
function bystander(picture: Picture): Picture {
  return new Map([...picture].filter(([name]) => name.includes("/wine")));
}

/** Something goes wrong while the story is told; all comes as without it, and the deployment beside it stays as it is. */
async function tell(start: (here: FaultyCluster) => () => number, options: StartOptions = {}): Promise<void> {
  const here = await cluster();
  here.apply("wine", STORY[1]?.spec);
  const one = await here.start(options);
  await here.settled("wine");
  const before = bystander(here.picture());
  const calls = here.api.requests.length;
  const faultCount = start(here);
  for (const chapter of CHAPTERS) {
    here.tell("iris", chapter);
    if (chapter.spec !== undefined) await here.settled("iris");
    else await here.becomes(before);
    assert.deepEqual(bystander(here.picture()), before, chapter.title);
  }
  const most = CALLS + CALLS_PER_FAULT * faultCount();
  assert.ok(here.api.requests.length - calls < most, `${here.api.requests.length - calls} of ${most} calls`);
  assert.deepEqual(here.controllers.faults, []);
  assert.deepEqual(
    one.log.filter(({ msg }) => msg.includes("caught by nobody")),
    [],
  );
}

/** One of so many requests that fit goes wrong, never in step with what is asked. */
function each(nth: number, fault: Fault, fits: (request: FakeRequest) => boolean) {
  return ({ api }: FaultyCluster) => {
    const chance = chanceOf(nth);
    let hit = 0;
    const when = (request: FakeRequest): boolean => {
      const isHit = fits(request) && chance() < 1 / nth;
      if (isHit) hit++;
      return isHit;
    };
    api.fail({ ...fault, when, times: Infinity });
    return () => hit;
  };
}

/** Something is done to the server again and again. */
function often(everyMs: number, act: (here: FaultyCluster) => void) {
  return (here: FaultyCluster) => {
    let count = 0;
    const timer = setInterval(() => {
      count += here.api.watches.size;
      act(here);
    }, everyMs);
    undo.push(() => {
      clearInterval(timer);
    });
    return () => count;
  };
}

const isWrite = ({ verb }: FakeRequest): boolean => WRITE_VERBS.has(verb);
const isAny = (): boolean => true;
const isWatch = ({ verb }: FakeRequest): boolean => verb === "watch";

describe("a control plane gets there although", () => {
  it("every other write meets a conflict", () => tell(each(2, { status: 409, reason: "Conflict" }, isWrite)));
  it("every second status can't be written", () =>
    tell(each(2, { status: 500 }, ({ subresource }) => subresource === "status")));
  it("every third call is one too many", () => tell(each(3, { status: 429, retryAfterSeconds: 1 }, isWrite)));
  it("the server fails at half of all calls", () => tell(each(2, { status: 500 }, isAny)));
  it("connections break before every third call", () => tell(each(3, { then: "reset" }, isAny)));
  it("every second write is done and not answered", () => tell(each(2, { then: "lose-answer" }, isWrite)));
  it("every third answer is cut off", () => tell(each(3, { then: "cut-off" }, isAny)));
  it("every third answer is no JSON", () => tell(each(3, { then: "garbage" }, isAny)));
  it("lists are slow and watches are cut all the time", () =>
    tell((here) => {
      const slow = each(1, { then: "slow", delayMs: 50 }, ({ verb }) => verb === "list")(here);
      const cut = often(40, ({ api }) => {
        api.watches.cut();
      })(here);
      return () => slow() + cut();
    }));
  it("history is forgotten all the time, and watches end with 410", () =>
    tell((here) => {
      const expired = each(2, { then: "stream-error", status: 410 }, isWatch)(here);
      const ended = often(60, ({ api }) => {
        api.objects.compact();
        api.watches.cut();
      })(here);
      return () => expired() + ended();
    }));
  it("watches send what is no event", () =>
    tell(
      often(50, ({ api }) => {
        api.watches.sendRaw('{"type":"MODIFIED","object":{"metadata":{}}}\n"""\n');
      }),
    ));
  it("watches fall silent", () =>
    tell(
      often(150, ({ api }) => {
        api.watches.freeze();
      }),
      { factor: 600 },
    ));
  it("all connections break now and then", () =>
    tell(
      often(50, ({ api }) => {
        api.disconnect();
      }),
    ));
  it("nobody answers every tenth write", () => tell(each(10, { then: "hang" }, isWrite), { callTimeoutMs: 1500 }));
});
