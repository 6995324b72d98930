/** A filter with a table and a host that does as little as it can: what remains is the filter's own work and its crossings. */
export function loadBare(wasm: Uint8Array<ArrayBuffer>, table: Uint8Array): (pairs: Uint8Array) => void {
  let input = table;
  let memory = { buffer: new ArrayBuffer() };
  let allocate: (size: number) => number = () => 0;
  const give = (dataOut: number, lengthOut: number): number => {
    const at = allocate(input.length);
    new Uint8Array(memory.buffer).set(input, at);
    const words = new Uint32Array(memory.buffer);
    words[dataOut >> 2] = at;
    words[lengthOut >> 2] = input.length;
    return 0;
  };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm), {
    env: {
      proxy_log: () => 0,
      proxy_get_buffer_bytes: (...words) => give(words[3] ?? 0, words[4] ?? 0),
      proxy_get_header_map_pairs: (...words) => give(words[1] ?? 0, words[2] ?? 0),
      proxy_replace_header_map_value: () => 0,
      proxy_remove_header_map_value: () => 0,
    },
    wasi_snapshot_preview1: { random_get: () => 0 },
  });
  const exports = instance.exports as unknown as {
    memory: typeof memory;
    _initialize: () => void;
    proxy_on_memory_allocate: typeof allocate;
    proxy_on_configure: (root: number, size: number) => number;
    proxy_on_request_headers: (context: number, count: number, end: number) => number;
  };
  memory = exports.memory;
  allocate = exports.proxy_on_memory_allocate;
  exports._initialize();
  if (exports.proxy_on_configure(1, table.length) !== 1) throw new Error("the table was refused");
  return (pairs) => {
    input = pairs;
    exports.proxy_on_request_headers(2, 0, 1);
  };
}
