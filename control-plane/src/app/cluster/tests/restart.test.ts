import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { StoreSnapshot } from "../../../kubernetes-api/tests/fake-store.ts";
import { startFaultyCluster, type FaultyCluster, type Picture } from "./faulty-cluster-for-tests.ts";
import { STORY, type Chapter } from "./story-for-tests.ts";

const NAME = "iris";
const WRITE_VERBS = new Set(["apply", "patch", "delete", "replace"]);
/** More writes than any chapter takes. */
const FAR_TOO_MANY = 200;

interface Told extends Chapter {
  /** What was there before, and what is there in the end. */
  readonly from: StoreSnapshot;
  readonly becomes: Picture;
}

describe("a control plane that goes wrong at any write of a story", () => {
  let here: FaultyCluster;
  const told: Told[] = [];

  before(async () => {
    here = await startFaultyCluster();
    const undisturbed = await here.start();
    for (const chapter of STORY) {
      const from = here.api.objects.snapshot();
      here.tell(NAME, chapter);
      await end(chapter);
      await quiet(here);
      told.push({ ...chapter, from, becomes: here.picture() });
    }
    await undisturbed.stop();
    assert.deepEqual(here.controllers.faults, []);
  });

  after(() => here.stop());

  async function end({ spec }: Chapter): Promise<void> {
    if (spec !== undefined) await here.settled(NAME);
  }

  function comeTo(one: Told): void {
    here.api.objects.restore(one.from);
    here.controllers.reset();
    here.tell(NAME, one);
  }

  for (const [index, { title }] of STORY.entries())
    it(`killed after each in turn: ${title}`, async () => {
      const one = told[index];
      assert.ok(one);
      for (let writes = 1; ; writes++) {
        assert.ok(writes < FAR_TOO_MANY);
        comeTo(one);
        const victim = await here.start({ diesAfter: writes });
        const fate = await Promise.race([victim.died.then(() => "died"), here.becomes(one.becomes).then(() => "done")]);
        await victim.kill();
        if (fate === "done") break;
        const next = await here.start();
        await here.becomes(one.becomes);
        await next.stop();
        assert.deepEqual(here.controllers.faults, [], `killed after ${writes} writes`);
      }
    });

  for (const [index, { title }] of STORY.entries())
    it(`the answer to each in turn is lost: ${title}`, async () => {
      const one = told[index];
      assert.ok(one);
      for (let lost = 1; ; lost++) {
        assert.ok(lost < FAR_TOO_MANY);
        comeTo(one);
        let writes = 0;
        const isLost = ({ verb, kind }: { verb: string; kind: string }): boolean =>
          WRITE_VERBS.has(verb) && kind !== "Event" && ++writes === lost;
        here.api.fail({ then: "lose-answer", when: isLost });
        const survivor = await here.start();
        await here.becomes(one.becomes);
        await survivor.stop();
        here.api.heal();
        assert.deepEqual(here.controllers.faults, [], `answer ${lost} was lost`);
        if (writes < lost) break;
      }
    });
});

/** Resolves when nobody has written for a while: longer than a process that gets little of a processor needs for its next write. */
async function quiet({ api }: FaultyCluster): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  let seen = api.objects.version;
  for (let unchanged = 0; unchanged < 8;) {
    assert.ok(performance.now() < deadlineMs, "something is written again and again");
    await new Promise((resume) => setTimeout(resume, 100));
    unchanged = seen === api.objects.version ? unchanged + 1 : 0;
    seen = api.objects.version;
  }
}
