import type { Headers } from "#proto/route-table/request.ts";
import { encodePairs } from "./pairs.ts";
import { readWasmFile, type WasmFile } from "./wasm-module.ts";

const OK = 0;
const BAD_ARGUMENT = 2;
const INVALID_MEMORY_ACCESS = 6;

/** Every function of Envoy's that this host has, with its type. Any other import is a link error, as in Envoy. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  "env.proxy_log": "(i32,i32,i32)->i32",
  "env.proxy_get_buffer_bytes": "(i32,i32,i32,i32,i32)->i32",
  "env.proxy_get_header_map_pairs": "(i32,i32,i32)->i32",
  "env.proxy_replace_header_map_value": "(i32,i32,i32,i32,i32)->i32",
  "env.proxy_remove_header_map_value": "(i32,i32,i32)->i32",
  "wasi_snapshot_preview1.random_get": "(i32,i32)->i32",
};

/** Types of the callbacks that Envoy looks up; a wrong one fails the load. */
const CALLBACKS: Readonly<Record<string, string>> = {
  _initialize: "()->",
  proxy_abi_version_0_2_1: "()->",
  proxy_on_memory_allocate: "(i32)->i32",
  proxy_on_configure: "(i32,i32)->i32",
  proxy_on_request_headers: "(i32,i32,i32)->i32",
};

/** What may be called while the module is initialised and while it allocates. */
const ALLOWED_IN: Readonly<Record<"initialize" | "allocate", readonly string[]>> = {
  initialize: ["env.proxy_log", "wasi_snapshot_preview1.random_get"],
  allocate: ["env.proxy_log"],
};

type Phase = "none" | "initialize" | "configure" | "request" | "allocate";

interface FilterExports {
  readonly memory: WebAssembly.Memory;
  readonly _initialize: () => void;
  readonly proxy_on_memory_allocate: (size: number) => number;
  readonly proxy_on_configure: (root: number, size: number) => number;
  readonly proxy_on_request_headers: (context: number, count: number, end: number) => number;
}

/** A change of the request's headers, in the order of the calls. */
export type Write = { readonly remove: string } | { readonly set: string; readonly value: string };

function checkLinks(file: WasmFile): void {
  if (file.sections.includes(8)) throw new Error("it has a start section, which runs before Envoy has a context");
  for (const { name, kind, signature } of file.imports) {
    if (kind !== 0) throw new Error(`${name} is no function`);
    if (FUNCTIONS[name] === undefined) throw new Error(`missing import ${name}`);
    if (FUNCTIONS[name] !== signature) throw new Error(`import type mismatch: ${name} is ${signature}`);
  }
  for (const [name, signature] of Object.entries(CALLBACKS)) {
    const found = file.exports.find((one) => one.name === name);
    if (found?.signature !== signature)
      throw new Error(`bad function signature: ${name} is ${found?.signature ?? "absent"}`);
  }
}

/** A Proxy-Wasm host as strict as Envoy: what Envoy refuses, or crashes on, throws here. One VM with one module. */
export class FilterHost {
  readonly log: string[] = [];
  /** Headers changed by the last request. Kept only while `isRecording`. */
  writes: Write[] = [];
  isRecording = true;
  hostCalls = 0;
  #exports: FilterExports | undefined;
  #phase: Phase = "none";
  #failed = false;
  #configuration: Uint8Array | undefined;
  #pairs: Uint8Array = new Uint8Array();
  readonly #random: number;

  private constructor(random: number) {
    this.#random = random;
  }

  /** Loads a module; `random` is the word that `random_get` gives. */
  static load(bytes: Uint8Array<ArrayBuffer>, random = 1): FilterHost {
    checkLinks(readWasmFile(bytes));
    const host = new FilterHost(random);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), host.#imports());
    host.#exports = instance.exports as unknown as FilterExports;
    host.#enter("initialize", (exports) => {
      exports._initialize();
    });
    return host;
  }

  /** True once the module has trapped: Envoy gives up the VM then. */
  get hasFailed(): boolean {
    return this.#failed;
  }

  get memoryPages(): number {
    return this.#module().memory.buffer.byteLength / 65536;
  }

  /** A new configuration for a root; false when the module refuses it. */
  configure(bytes: Uint8Array, root = 1): boolean {
    this.#configuration = bytes;
    const result = this.#enter("configure", (exports) => exports.proxy_on_configure(root, bytes.length));
    this.#configuration = undefined;
    return result !== 0;
  }

  /** Runs the headers of a request, which has a body unless they are its end, through the module and returns them as they go on. */
  request(headers: Headers, isEnd = false): Headers {
    this.requestPairs(encodePairs(headers), isEnd);
    let after = headers;
    for (const write of this.writes) {
      const name = "remove" in write ? write.remove : write.set;
      after = after.filter(([one]) => one !== name);
      if ("set" in write) after = [...after, [name, write.value]];
    }
    return after;
  }

  /** The same for a header map that is encoded already, be it rightly or not. */
  requestPairs(pairs: Uint8Array, isEnd = false): void {
    this.#pairs = pairs;
    if (this.isRecording) this.writes = [];
    const action = this.#enter("request", (exports) => exports.proxy_on_request_headers(7, 0, isEnd ? 1 : 0));
    if (action !== 0) throw new Error(`the filter answered ${action} and would stop the request`);
  }

  #module(): FilterExports {
    if (this.#exports === undefined) throw new Error("a host call while the module is instantiated: no context yet");
    return this.#exports;
  }

  #enter<T>(phase: Phase, run: (exports: FilterExports) => T): T {
    if (this.#failed) throw new Error("the VM has failed");
    const before = this.#phase;
    this.#phase = phase;
    try {
      return run(this.#module());
    } catch (error) {
      this.#failed = true;
      throw error;
    } finally {
      this.#phase = before;
    }
  }

  #imports(): WebAssembly.Imports {
    const functions: Record<string, (...words: number[]) => number> = {
      "env.proxy_log": (...[, at = 0, length = 0]) => (this.log.push(this.#text(at, length)), OK),
      "env.proxy_get_buffer_bytes": (...words) => this.#getBuffer(words),
      "env.proxy_get_header_map_pairs": (map = 0, dataOut = 0, lengthOut = 0) =>
        map === 0 && this.#phase === "request" ? this.#give(this.#pairs, dataOut, lengthOut) : BAD_ARGUMENT,
      "env.proxy_replace_header_map_value": (...words) => this.#replace(words),
      "env.proxy_remove_header_map_value": (map = 0, at = 0, length = 0) => {
        if (map !== 0 || this.#phase !== "request") return BAD_ARGUMENT;
        if (this.isRecording) this.writes.push({ remove: this.#text(at, length) });
        return OK;
      },
      "wasi_snapshot_preview1.random_get": (at = 0, length = 0) => {
        if (length !== 4) return BAD_ARGUMENT;
        this.#view().setUint32(at, this.#random, true);
        return OK;
      },
    };
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
    for (const [name, call] of Object.entries(functions)) {
      const [module = "", field = ""] = name.split(".");
      (imports[module] ??= {})[field] = (...words: number[]) => {
        this.#permit(name);
        return call(...words);
      };
    }
    return imports;
  }

  #permit(name: string): void {
    this.hostCalls += 1;
    this.#module();
    const phase = this.#phase;
    const isRestricted = phase === "initialize" || phase === "allocate";
    if (phase === "none" || (isRestricted && !ALLOWED_IN[phase].includes(name)))
      throw new Error(`restricted_callback: ${name}`);
  }

  /** A fresh view: growth detaches older ones. */
  #view(): DataView {
    return new DataView(this.#module().memory.buffer);
  }

  #text(at: number, length: number): string {
    const { buffer } = this.#module().memory;
    if (at < 0 || length < 0 || at + length > buffer.byteLength)
      throw new Error("the module gave an address outside its memory");
    return Buffer.from(buffer, at, length).toString("latin1");
  }

  /** Envoy's first-rule for configuration: only inside `proxy_on_configure`. Ranges are clamped. */
  #getBuffer([type, start = 0, max = 0, dataOut = 0, lengthOut = 0]: readonly number[]): number {
    if (type !== 7 || this.#configuration === undefined || this.#phase !== "configure") return BAD_ARGUMENT;
    return this.#give(this.#configuration.subarray(start, start + max), dataOut, lengthOut);
  }

  #replace([map, name = 0, nameLength = 0, value = 0, valueLength = 0]: readonly number[]): number {
    if (map !== 0 || this.#phase !== "request") return BAD_ARGUMENT;
    if (this.isRecording)
      this.writes.push({ set: this.#text(name, nameLength), value: this.#text(value, valueLength) });
    return OK;
  }

  /** Hands bytes over: asks the module for memory, as Envoy does, in the middle of the module's own call. */
  #give(bytes: Uint8Array, dataOut: number, lengthOut: number): number {
    const at = this.#enter("allocate", (exports) => exports.proxy_on_memory_allocate(bytes.length)) >>> 0;
    const { buffer } = this.#module().memory;
    if (at === 0 || at + bytes.length > buffer.byteLength) return INVALID_MEMORY_ACCESS;
    new Uint8Array(buffer).set(bytes, at);
    const view = this.#view();
    view.setUint32(dataOut, at, true);
    view.setUint32(lengthOut, bytes.length, true);
    return OK;
  }
}
