// The request's headers, read once into memory that lasts for the request. Their encoding (u32 count, then a pair of u32 lengths for
// each, then each name and value with a zero after it) is checked once, here.
import { isName, sameBytes, sameText, startsWith } from "../bytes";
import { readData, readHeaders, readLength } from "../host/calls";
import { CONTENT_TYPE, EXPLAIN, FORCE, NAMESPACE, OURS, PATH, REQUEST_ID, SECRET, SELDON, SHADOW, TIMEOUT_MS } from "../names";

/** Lengths of the names that are looked at, ours aside: 5, 6, 9 and 12, as bits. */
const LENGTHS: u32 = 0x1260;

/** The value of a header: the first, and how many there are. */
@unmanaged
export class Value {
  text: usize;
  length: u32;
  count: u32;

  clear(): void {
    this.text = 0;
    this.length = 0;
    this.count = 0;
  }

  see(text: usize, length: u32): void {
    if (this.count++ > 0) return;
    this.text = text;
    this.length = length;
  }
}

export const path = changetype<Value>(memory.data(16, 8));
export const contentType = changetype<Value>(memory.data(16, 8));
export const seldon = changetype<Value>(memory.data(16, 8));
export const namespace = changetype<Value>(memory.data(16, 8));
export const requestId = changetype<Value>(memory.data(16, 8));
export const force = changetype<Value>(memory.data(16, 8));
export const explain = changetype<Value>(memory.data(16, 8));
export const secret = changetype<Value>(memory.data(16, 8));
export const timeoutMs = changetype<Value>(memory.data(16, 8));
/** The mark of a copy, as Envoy or the sender set it. */
export const shadowMark = changetype<Value>(memory.data(16, 8));
/** True when a header that begins with our prefix is there. */
export let hasOurs: bool = false;

const asked = changetype<Value>(memory.data(16, 8));
let pairs: usize = 0;
let count: u32 = 0;

// The header that `nextHeader` stands at.
let index: u32 = 0;
let position: usize = 0;
export let name: usize = 0;
export let nameLength: u32 = 0;
export let value: usize = 0;
export let valueLength: u32 = 0;

/** Goes to before the first header. */
export function firstHeader(): void {
  index = 0;
  position = pairs + 4 + ((<usize>count) << 3);
}

/** Goes to the next header; false after the last. */
export function nextHeader(): bool {
  if (index >= count) return false;
  const lengths = pairs + 4 + ((<usize>index) << 3);
  index++;
  nameLength = load<u32>(lengths);
  valueLength = load<u32>(lengths, 4);
  name = position;
  value = name + nameLength + 1;
  position = value + valueLength + 1;
  return true;
}

function clearOurs(): void {
  hasOurs = false;
  force.clear();
  explain.clear();
  secret.clear();
  timeoutMs.clear();
  shadowMark.clear();
}

function clear(): void {
  if (hasOurs) clearOurs();
  path.clear();
  contentType.clear();
  seldon.clear();
  namespace.clear();
  requestId.clear();
}

function seeOurs(name: usize, nameLength: u32, value: usize, valueLength: u32): void {
  hasOurs = true;
  if (isName(name, nameLength, FORCE)) force.see(value, valueLength);
  else if (isName(name, nameLength, EXPLAIN)) explain.see(value, valueLength);
  else if (isName(name, nameLength, SECRET)) secret.see(value, valueLength);
  else if (isName(name, nameLength, TIMEOUT_MS)) timeoutMs.see(value, valueLength);
  else if (isName(name, nameLength, SHADOW)) shadowMark.see(value, valueLength);
}

/** Sorts out a header whose name has the length of one that is looked at. */
function see(name: usize, nameLength: u32, value: usize, valueLength: u32): void {
  if (nameLength == 5) {
    if (isName(name, nameLength, PATH)) path.see(value, valueLength);
  } else if (nameLength == 6) {
    if (isName(name, nameLength, SELDON)) seldon.see(value, valueLength);
  } else if (nameLength == 9) {
    if (isName(name, nameLength, NAMESPACE)) namespace.see(value, valueLength);
  } else if (isName(name, nameLength, REQUEST_ID)) requestId.see(value, valueLength);
  else if (isName(name, nameLength, CONTENT_TYPE)) contentType.see(value, valueLength);
}

/** Goes through all headers once and keeps what matters of them; false when they are not encoded as they must be. Almost every header is none of ours. */
function readPairs(size: u32): bool {
  if (size < 4) return false;
  count = load<u32>(pairs);
  if (4 + (<u64>count << 3) > <u64>size) return false;
  let lengths = pairs + 4;
  let name = lengths + ((<usize>count) << 3);
  let left: u64 = size - <u32>(name - pairs);
  for (const end = name; lengths < end; lengths += 8) {
    const nameLength = load<u32>(lengths);
    const valueLength = load<u32>(lengths, 4);
    const bytes: u64 = <u64>nameLength + <u64>valueLength + 2;
    if (bytes > left) return false;
    left -= bytes;
    const value = name + nameLength + 1;
    if (nameLength <= 12 && ((LENGTHS >>> nameLength) & 1) != 0) see(name, nameLength, value, valueLength);
    if (nameLength >= 11 && load<u64>(name) == load<u64>(OURS) && startsWith(name, nameLength, OURS)) {
      seeOurs(name, nameLength, value, valueLength);
    }
    name = value + valueLength + 1;
  }
  return true;
}

/** Looks for the first header of a name and goes to it; false without one. */
export function findHeader(wanted: usize, wantedLength: u32): bool {
  let lengths = pairs + 4;
  let at = lengths + ((<usize>count) << 3);
  for (const end = at; lengths < end; lengths += 8) {
    const length = load<u32>(lengths);
    const bytes = load<u32>(lengths, 4);
    if (length == wantedLength && sameBytes(at, wanted, length)) {
      value = at + length + 1;
      valueLength = bytes;
      return true;
    }
    at += length + bytes + 2;
  }
  return false;
}

/** The headers of a name: for those that few deployments ask for. Lasts until the next call. */
export function findHeaders(wanted: usize, wantedLength: u32): Value {
  asked.clear();
  firstHeader();
  while (nextHeader()) {
    if (sameText(name, nameLength, wanted, wantedLength)) asked.see(value, valueLength);
  }
  return asked;
}

/** Reads the headers of the request; false when the host has none for us. */
export function scanHeaders(): bool {
  clear();
  if (!readHeaders()) return false;
  pairs = readData();
  return readPairs(readLength());
}
