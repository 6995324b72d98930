// What the filter asks of its host, in its own words.
import {
  proxyGetBufferBytes,
  proxyGetHeaderMapPairs,
  proxyRemoveHeaderMapValue,
  proxyReplaceHeaderMapValue,
  randomGet,
} from "./imports";
import { expectHeaders, expectTable } from "./memory";

const OK: i32 = 0;
const REQUEST_HEADERS: i32 = 0;
const PLUGIN_CONFIGURATION: i32 = 7;

const dataOut = memory.data(4, 4);
const lengthOut = memory.data(4, 4);

function clearOutput(): void {
  store<u32>(dataOut, 0);
  store<u32>(lengthOut, 0);
}

/** Address of what the last read returned; 0 when it failed. */
export function readData(): usize {
  return load<u32>(dataOut);
}

/** Bytes of what the last read returned. */
export function readLength(): u32 {
  return load<u32>(lengthOut);
}

/** Reads the configuration into a block of its own; only inside `proxy_on_configure`. */
export function readConfiguration(size: i32): bool {
  clearOutput();
  expectTable();
  const status = proxyGetBufferBytes(PLUGIN_CONFIGURATION, 0, size, dataOut, lengthOut);
  return status == OK && readData() != 0;
}

/** Reads all request headers, in the host's encoding, into memory that lasts until the next request. */
export function readHeaders(): bool {
  clearOutput();
  expectHeaders();
  return proxyGetHeaderMapPairs(REQUEST_HEADERS, dataOut, lengthOut) == OK && readData() != 0;
}

/** Replaces every value of a request header. */
export function setHeader(name: usize, nameLength: u32, value: usize, valueLength: u32): void {
  proxyReplaceHeaderMapValue(REQUEST_HEADERS, name, nameLength, value, valueLength);
}

/** Removes every value of a request header. */
export function removeHeader(name: usize, nameLength: u32): void {
  proxyRemoveHeaderMapValue(REQUEST_HEADERS, name, nameLength);
}

/** A random word; permitted while the module is initialised. */
export function randomWord(): u32 {
  clearOutput();
  randomGet(dataOut, 4);
  return load<u32>(dataOut);
}
