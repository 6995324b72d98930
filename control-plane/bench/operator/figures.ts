/** What was measured, in order: each figure is printed at once, and all of them as the rows of a Markdown table at the end. */
export interface Figures {
  readonly row: (what: string, figure: string) => void;
  readonly printTable: () => void;
}

export function createFigures(): Figures {
  const rows: (readonly [what: string, figure: string])[] = [];
  return {
    row(what, figure) {
      rows.push([what, figure]);
      console.log(`${what.padEnd(50)} ${figure}`);
    },
    printTable() {
      console.log("\n| what | figure |\n| --- | --- |");
      for (const [what, figure] of rows) console.log(`| ${what} | ${figure} |`);
    },
  };
}

/** `3 ms, 0.01 ms each`. */
export function inAllAndEach(ms: number, count: number): string {
  return `${ms.toFixed(0)} ms, ${(ms / count).toFixed(2)} ms each`;
}
