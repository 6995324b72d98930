/** Text that stands in a table as it is here; its characters are bytes. */
export interface TextPiece {
  readonly text: string;
  /** True for the texts of deployments, end to end, that nobody else has; false for one that others may have too. */
  readonly isOwn: boolean;
}

/** The texts of a part, by number: each stands in a piece, so many characters after its beginning. */
export interface NumberedTexts {
  readonly pieces: readonly TextPiece[];
  readonly pieceOf: Uint32Array;
  readonly within: Uint32Array;
}

/** Numbers the texts of deployments in the order of their first mention. */
export class PartTexts {
  readonly #shared = new Map<string, number>();
  readonly #own = new Map<string, number>();
  readonly #pieces: TextPiece[] = [];
  readonly #pieceOf: number[] = [];
  readonly #within: number[] = [];
  /** Own texts since the last shared one. */
  #run = "";

  /** Begins a deployment. */
  nextOwner(): void {
    this.#own.clear();
  }

  /** Number of a text that other deployments may have too. */
  add(text: string): number {
    const known = this.#shared.get(text);
    if (known !== undefined) return known;
    this.#endRun();
    const number = this.#place(0);
    this.#pieces.push({ text, isOwn: false });
    this.#shared.set(text, number);
    return number;
  }

  /** Number of a text of this deployment. */
  addOwn(text: string): number {
    const known = text === "" ? this.add(text) : this.#own.get(text);
    if (known !== undefined) return known;
    const number = this.#place(this.#run.length);
    this.#run += text;
    this.#own.set(text, number);
    return number;
  }

  /** All of them. Nothing may be added afterwards. */
  finish(): NumberedTexts {
    this.#endRun();
    return {
      pieces: this.#pieces,
      pieceOf: Uint32Array.from(this.#pieceOf),
      within: Uint32Array.from(this.#within),
    };
  }

  /** Number of a text in the piece that is next. */
  #place(within: number): number {
    this.#within.push(within);
    return this.#pieceOf.push(this.#pieces.length) - 1;
  }

  #endRun(): void {
    if (this.#run === "") return;
    this.#pieces.push({ text: this.#run, isOwn: true });
    this.#run = "";
  }
}
