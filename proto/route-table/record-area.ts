/** A growing run of records of one size, written little-endian; new bytes are 0. */
export class RecordArea {
  readonly #each: number;
  #view = new DataView(new ArrayBuffer(1024));
  #count = 0;

  constructor(bytesEach: number) {
    this.#each = bytesEach;
  }

  /** Index of the record that comes next. */
  get count(): number {
    return this.#count;
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.#view.buffer, 0, this.#count * this.#each);
  }

  /** Begins a record. */
  next(): void {
    this.#count += 1;
    if (this.#count * this.#each <= this.#view.byteLength) return;
    const larger = new Uint8Array(this.#view.byteLength * 2);
    larger.set(new Uint8Array(this.#view.buffer));
    this.#view = new DataView(larger.buffer);
  }

  u8(field: number, value: number): void {
    this.#view.setUint8((this.#count - 1) * this.#each + field, value);
  }
  u16(field: number, value: number): void {
    this.#view.setUint16((this.#count - 1) * this.#each + field, value, true);
  }
  u32(field: number, value: number): void {
    this.#view.setUint32((this.#count - 1) * this.#each + field, value, true);
  }
}

/**
 * The strings of a table, each stored once; those that only one deployment has are looked for among its own, which is much
 * faster in a large table. Offsets count from the start of the string area.
 */
export class StringArea {
  readonly #texts: string[] = [];
  readonly #shared = new Map<string, number>();
  readonly #own = new Map<string, number>();
  #length = 0;

  /** Begins a deployment. */
  nextOwner(): void {
    this.#own.clear();
  }

  /** A text that many may have. */
  add(text: string): number {
    return this.#shared.get(text) ?? this.#append(text, this.#shared);
  }

  /** A text of this deployment. */
  addOwn(text: string): number {
    return text === "" ? this.add(text) : (this.#own.get(text) ?? this.#append(text, this.#own));
  }

  #append(text: string, known: Map<string, number>): number {
    const offset = this.#length;
    known.set(text, offset);
    this.#texts.push(text);
    this.#length += text.length;
    return offset;
  }

  get bytes(): Uint8Array {
    return Buffer.from(this.#texts.join(""), "latin1");
  }
}
