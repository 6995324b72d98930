import { fork } from "node:child_process";

/** Another process of the bench: it answers questions one after the other. */
export interface Child<Questions extends QuestionTable> {
  ask<Q extends keyof Questions & string>(question: Q, about: Questions[Q]["about"]): Promise<Questions[Q]["answer"]>;
  stop(): Promise<void>;
}

/** By name, what is told with a question and what is answered. */
export type QuestionTable = Readonly<Record<string, { readonly about: unknown; readonly answer: unknown }>>;

type Reply = { readonly answer: unknown } | { readonly failure: string };

export function startChild<Questions extends QuestionTable>(
  module: string,
  nodeOptions: readonly string[] = [],
): Child<Questions> {
  const child = fork(new URL(module, import.meta.url), { execArgv: ["--expose-gc", ...nodeOptions] });
  let last: Promise<unknown> = Promise.resolve();

  function askNow(question: string, about: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ended = (): void => {
        reject(new Error(`${module} ended before it answered ${question}`));
      };
      child.once("exit", ended);
      child.once("message", (reply: Reply) => {
        child.off("exit", ended);
        if ("failure" in reply) reject(new Error(`${module}, ${question}: ${reply.failure}`));
        else resolve(reply.answer);
      });
      child.send({ question, about });
    });
  }

  return {
    ask: (question, about) => {
      const answer = last.then(() => askNow(question, about));
      last = answer.catch(() => undefined);
      return answer;
    },
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.disconnect();
      await ended;
    },
  };
}

/** Answers the parent's questions until it goes away; `end` is called then. */
export function answerQuestions<Questions extends QuestionTable>(
  answers: { readonly [Q in keyof Questions]: (about: Questions[Q]["about"]) => Promise<Questions[Q]["answer"]> },
  end: () => Promise<void>,
): void {
  process.on("message", (message: { readonly question: keyof Questions & string; readonly about: never }) => {
    answers[message.question](message.about).then(
      (answer) => process.send?.({ answer }),
      (error: unknown) => process.send?.({ failure: String(error) }),
    );
  });
  process.once("disconnect", () => {
    void end().finally(() => process.exit());
  });
}

/** CPU of this process so far, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
