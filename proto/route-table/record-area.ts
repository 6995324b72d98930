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

/** The strings of a table, each stored once. Offsets count from the start of the string area. */
export class StringArea {
  readonly #offsets = new Map<string, number>();
  #length = 0;

  add(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    const offset = this.#length;
    this.#offsets.set(text, offset);
    this.#length += text.length;
    return offset;
  }

  get bytes(): Uint8Array {
    return Buffer.from([...this.#offsets.keys()].join(""), "latin1");
  }
}
