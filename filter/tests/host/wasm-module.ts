/** A function type, such as `(i32,i32)->i32`. */
export type Signature = string;

/** What a Wasm file says about itself, read from its sections: V8 tells neither types nor custom sections of functions. */
export interface WasmFile {
  readonly sections: readonly number[];
  readonly imports: readonly { readonly name: string; readonly kind: number; readonly signature: Signature }[];
  readonly exports: readonly { readonly name: string; readonly kind: number; readonly signature: Signature }[];
  /** Names of all functions, from the name section. */
  readonly functionNames: readonly string[];
}

const VALUE_TYPES: Readonly<Record<number, string>> = { 0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64" };
const FUNCTION = 0;

class Reader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isDone(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new Error("the Wasm file ends too early");
    return byte;
  }

  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  take(length: number): Uint8Array {
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  text(): string {
    return Buffer.from(this.take(this.number())).toString("utf8");
  }

  list<T>(read: () => T): readonly T[] {
    return Array.from({ length: this.number() }, read);
  }
}

function readSignature(reader: Reader): Signature {
  reader.byte();
  const types = (): string => reader.list(() => VALUE_TYPES[reader.byte()] ?? "?").join(",");
  const parameters = types();
  return `(${parameters})->${types()}`;
}

function readLimits(reader: Reader): void {
  if ((reader.byte() & 1) === 1) reader.number();
  reader.number();
}

function readImport(reader: Reader, types: readonly Signature[]): WasmFile["imports"][number] {
  const name = `${reader.text()}.${reader.text()}`;
  const kind = reader.byte();
  if (kind === FUNCTION) return { name, kind, signature: types[reader.number()] ?? "?" };
  if (kind === 1) reader.byte();
  if (kind === 3) reader.take(2);
  else readLimits(reader);
  return { name, kind, signature: "" };
}

function readFunctionNames(reader: Reader): readonly string[] {
  while (!reader.isDone) {
    const kind = reader.byte();
    const body = new Reader(reader.take(reader.number()));
    if (kind === 1) return body.list(() => (body.number(), body.text()));
  }
  return [];
}

/** Reads a Wasm file. */
export function readWasmFile(bytes: Uint8Array): WasmFile {
  const reader = new Reader(bytes);
  reader.take(8);
  const sections: number[] = [];
  let types: readonly Signature[] = [];
  let imports: WasmFile["imports"] = [];
  let functions: readonly Signature[] = [];
  let exports: WasmFile["exports"] = [];
  let functionNames: readonly string[] = [];
  while (!reader.isDone) {
    const id = reader.byte();
    const body = new Reader(reader.take(reader.number()));
    sections.push(id);
    if (id === 0 && body.text() === "name") functionNames = readFunctionNames(body);
    if (id === 1) types = body.list(() => readSignature(body));
    if (id === 2) imports = body.list(() => readImport(body, types));
    if (id === 3) functions = body.list(() => types[body.number()] ?? "?");
    if (id === 7) {
      const all = [...imports.filter((one) => one.kind === FUNCTION).map((one) => one.signature), ...functions];
      exports = body.list(() => {
        const name = body.text();
        const kind = body.byte();
        const index = body.number();
        return { name, kind, signature: kind === FUNCTION ? (all[index] ?? "?") : "" };
      });
    }
  }
  return { sections, imports, exports, functionNames };
}
