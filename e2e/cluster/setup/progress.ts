/** Where progress goes: a bar that is redrawn on a terminal, a line per step elsewhere. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #title: string;
  readonly #startMs = performance.now();
  #shown = "";

  constructor(title: string, out: NodeJS.WriteStream = process.stderr) {
    this.#title = title;
    this.#out = out;
    if (!out.isTTY) out.write(`${title} …\n`);
  }

  /** `done` of `total` steps; `detail` is the step under way. */
  show(done: number, total: number, detail: string): void {
    if (!this.#out.isTTY) {
      if (detail !== this.#shown) this.#out.write(`  ${done}/${total} ${detail}\n`);
      this.#shown = detail;
      return;
    }
    const width = 24;
    const filled = total === 0 ? 0 : Math.round((done / total) * width);
    const bar = "#".repeat(filled) + ".".repeat(width - filled);
    this.#out.write(`\r\u001b[K${this.#title} [${bar}] ${done}/${total} ${detail}`.slice(0, this.#out.columns));
  }

  /** The last line: how long it took. */
  end(): void {
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(1);
    this.#out.write(this.#out.isTTY ? `\r\u001b[K${this.#title}: ${seconds} s\n` : `  done in ${seconds} s\n`);
  }
}
