// The few WebAssembly names that the tests use; they belong to the DOM's types, which are not loaded here.
declare namespace WebAssembly {
  type ImportValue = (...words: number[]) => number | bigint;
  type Imports = Record<string, Record<string, ImportValue>>;
  const Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  const Instance: new (
    module: object,
    imports: Imports,
  ) => {
    readonly exports: Readonly<Record<string, unknown>>;
  };
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
}
