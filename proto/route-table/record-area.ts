/** A growing run of records of one size, written little-endian; new bytes are 0. */
export class RecordArea {
  readonly #each: number;
  #view = new DataView(new ArrayBuffer(256));
  #count = 0;

  constructor(bytesEach: number) {
    this.#each = bytesEach;
  }

  /** Index of the record that comes next. */
  get count(): number {
    return this.#count;
  }

  /** A copy of the records. */
  copyBytes(): Uint8Array {
    return new Uint8Array(this.#view.buffer, 0, this.#count * this.#each).slice();
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
