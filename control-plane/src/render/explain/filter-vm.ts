import { bytesOf } from "#proto/route-table/hashes.ts";
import type { Headers } from "#proto/route-table/request.ts";

/** The compiled filter with one route table, outside Envoy. */
export interface FilterVm {
  /** The headers of a request as they go on. Throws when the filter traps. `endOfStream`: the request has no body. */
  request(headers: Headers, endOfStream: boolean): Headers;
}

interface FilterExports {
  readonly memory: WebAssembly.Memory;
  readonly _initialize: () => void;
  readonly proxy_on_memory_allocate: (size: number) => number;
  readonly proxy_on_configure: (root: number, size: number) => number;
  readonly proxy_on_request_headers: (context: number, count: number, end: number) => number;
}

const OK = 0;
const BAD_ARGUMENT = 2;
/** Proxy-Wasm's number of the plugin's configuration among the buffers. */
const PLUGIN_CONFIGURATION = 7;

/** Headers in the encoding of Proxy-Wasm: count, then lengths of all names and values, then each with a zero after it. */
function encodePairs(headers: Headers): Uint8Array {
  const texts = headers.flat().map(bytesOf);
  const size = texts.reduce((sum, text) => sum + 4 + text.length + 1, 4);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, headers.length, true);
  let at = 4 + texts.length * 4;
  texts.forEach((text, index) => {
    view.setUint32(4 + index * 4, text.length, true);
    bytes.set(text, at);
    at += text.length + 1;
  });
  return bytes;
}

/**
 * Starts the compiled filter (`build/filter/filter.wasm`) with a route table; undefined when it refuses the table, as Envoy would
 * be told. `random` seeds the filter's random numbers, as Envoy does by its own.
 */
export function startFilterVm(wasm: Uint8Array<ArrayBuffer>, table: Uint8Array, random: number): FilterVm | undefined {
  let pairs: Uint8Array = new Uint8Array();
  let after: Headers = [];

  const memory = (): ArrayBuffer => filter.memory.buffer;
  const view = (): DataView => new DataView(memory());
  const text = (at: number, length: number): string => Buffer.from(memory(), at >>> 0, length).toString("latin1");
  const without = (name: string): Headers => after.filter(([one]) => one !== name);

  /** Puts bytes where the filter wants them, and tells it where that is. */
  function give(bytes: Uint8Array, addressOut: number, lengthOut: number): number {
    const at = filter.proxy_on_memory_allocate(bytes.length) >>> 0;
    new Uint8Array(memory()).set(bytes, at);
    view().setUint32(addressOut, at, true);
    view().setUint32(lengthOut, bytes.length, true);
    return OK;
  }

  const env = {
    proxy_log: () => OK,
    proxy_get_buffer_bytes: (type: number, start: number, max: number, addressOut: number, lengthOut: number) =>
      type === PLUGIN_CONFIGURATION ? give(table.subarray(start, start + max), addressOut, lengthOut) : BAD_ARGUMENT,
    proxy_get_header_map_pairs: (_map: number, addressOut: number, lengthOut: number) =>
      give(pairs, addressOut, lengthOut),
    proxy_replace_header_map_value: (_map: number, name: number, nameLength: number, value: number, length: number) => {
      const replaced = text(name, nameLength);
      after = [...without(replaced), [replaced, text(value, length)]];
      return OK;
    },
    proxy_remove_header_map_value: (_map: number, name: number, length: number) => {
      after = without(text(name, length));
      return OK;
    },
  };
  const random_get = (at: number): number => {
    view().setUint32(at, random, true);
    return OK;
  };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm), {
    env,
    wasi_snapshot_preview1: { random_get },
  });
  const filter = instance.exports as unknown as FilterExports;
  filter._initialize();
  if (filter.proxy_on_configure(1, table.length) === 0) return undefined;
  return {
    request(headers, endOfStream) {
      pairs = encodePairs(headers);
      after = headers;
      filter.proxy_on_request_headers(2, headers.length, endOfStream ? 1 : 0);
      return after;
    },
  };
}
