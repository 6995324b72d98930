import type { FromWorker, Ports, ToWorker } from "./messages.ts";

/** A worker's view of the others; all of it goes through the process that started them. */
export interface Siblings {
  /** Whether every worker listens. */
  allRun(): boolean;
  listening(ports: Ports): void;
  /** From now on `render` answers for this worker when anyone is asked for the metrics. */
  answerScrapes(render: () => string): void;
  /** The metrics of all workers together. */
  scrape(): Promise<string>;
  /** Hands over the last metrics, so that what was counted here goes on counting. */
  leave(): Promise<void>;
}

/** The side of a worker process. `onOrphaned` is called when the process that started it is gone. */
export function joinSiblings(onOrphaned: () => void): Siblings {
  const waiting = new Map<number, (text: string) => void>();
  let scrapes = 0;
  let allRun = false;
  let render = (): string => "";
  process.on("message", (message: ToWorker) => {
    switch (message.kind) {
      case "all-run":
        ({ allRun } = message);
        return;
      case "render":
        void tell({ kind: "rendered", id: message.id, text: render() });
        return;
      case "metrics":
        waiting.get(message.id)?.(message.text);
        waiting.delete(message.id);
    }
  });
  process.on("disconnect", () => {
    for (const resolve of waiting.values()) resolve(render());
    waiting.clear();
    onOrphaned();
  });
  return {
    allRun: () => allRun,
    listening: (ports) => {
      void tell({ kind: "listening", ports });
    },
    answerScrapes: (own) => {
      render = own;
    },
    scrape: () => {
      if (!process.connected) return Promise.resolve(render());
      scrapes += 1;
      const id = scrapes;
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        void tell({ kind: "scrape", id });
      });
    },
    leave: () => tell({ kind: "rendered", id: undefined, text: render() }),
  };
}

/** Resolves when it is sent, or can't be. */
function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else {
      process.send(message, undefined, undefined, () => {
        resolve();
      });
    }
  });
}
