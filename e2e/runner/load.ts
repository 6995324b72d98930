import assert from "node:assert/strict";
import type { Reply } from "./gateway-client.ts";
import { pause, untilTrue } from "./until.ts";

interface Failure {
  /** Milliseconds since the load began. */
  readonly atMs: number;
  /** When it came, as events and logs say it. */
  readonly at: string;
  readonly status: number;
  readonly body: string;
}

/** What a load has seen. */
export interface LoadResult {
  readonly calls: number;
  readonly failures: readonly Failure[];
  /** How often each answer came, by what `readAnswer` made of it. */
  readonly answers: ReadonlyMap<string, number>;
}

/** Requests one after the other in a few loops, until it is stopped; every answer and failure is counted. */
export class Load {
  readonly #make: () => Promise<Reply>;
  readonly #readAnswer: (reply: Reply) => string;
  readonly #loops: readonly Promise<void>[];
  readonly #startMs = performance.now();
  readonly #failures: Failure[] = [];
  readonly #answers = new Map<string, number>();
  #calls = 0;
  #isStopped = false;

  constructor(make: () => Promise<Reply>, readAnswer: (reply: Reply) => string, { loops = 2, pauseMs = 15 } = {}) {
    this.#make = make;
    this.#readAnswer = readAnswer;
    this.#loops = Array.from({ length: loops }, () => this.#run(pauseMs));
  }

  get calls(): number {
    return this.#calls;
  }

  answersOf(answer: string): number {
    return this.#answers.get(answer) ?? 0;
  }

  /** Waits for so many more calls. */
  async more(count: number): Promise<void> {
    const wanted = this.#calls + count;
    await untilTrue(`${count} more requests`, () => Promise.resolve(this.#calls >= wanted), { timeoutMs: 180_000 });
  }

  /** Waits until this answer comes no more: not once in so many calls, however long it takes until then. */
  async untilNoMore(answer: string, calls = 60): Promise<void> {
    await untilTrue(`no answer ${answer} any more`, async () => {
      const before = this.answersOf(answer);
      await this.more(calls);
      return this.answersOf(answer) === before;
    });
  }

  /** Waits until this answer has come. */
  async untilAnswer(answer: string, timeoutMs = 180_000): Promise<void> {
    const before = this.answersOf(answer);
    await untilTrue(`an answer ${answer}`, () => Promise.resolve(this.answersOf(answer) > before), {
      timeoutMs,
      describe: () => JSON.stringify([...this.#answers]),
    });
  }

  async stop(): Promise<LoadResult> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
    return { calls: this.#calls, failures: this.#failures, answers: this.#answers };
  }

  /** Stops; fails when a request failed or an answer came that is none of these. */
  async stopFlawless(expected: readonly string[]): Promise<LoadResult> {
    const result = await this.stop();
    const { calls, failures, answers } = result;
    const shown = failures
      .slice(0, 5)
      .map(({ at, atMs, status, body }) => `${at} (${atMs.toFixed(0)} ms): ${status} ${body}`);
    assert.equal(failures.length, 0, `${failures.length} of ${calls} requests failed:\n${shown.join("\n")}`);
    const strangers = [...answers.keys()].filter((answer) => !expected.includes(answer));
    assert.deepEqual(strangers, [], `answers that nobody expects among ${JSON.stringify([...answers])}`);
    return result;
  }

  async #run(pauseMs: number): Promise<void> {
    while (!this.#isStopped) {
      const reply = await this.#make().catch((error: unknown) => ({ status: -1, headers: {}, body: String(error) }));
      this.#calls += 1;
      if (reply.status === 200) {
        const answer = this.#readAnswer(reply);
        this.#answers.set(answer, this.answersOf(answer) + 1);
      } else {
        const atMs = performance.now() - this.#startMs;
        this.#failures.push({
          atMs,
          at: new Date().toISOString(),
          status: reply.status,
          body: reply.body.slice(0, 200),
        });
      }
      await pause(pauseMs);
    }
  }
}
