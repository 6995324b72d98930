// What `assert` and the runtime's own checks end in: one line in the proxy's log, then a trap. Nothing is allocated.
import { proxyLog } from "./imports";

const CRITICAL: i32 = 5;
const MAX_TEXT: u32 = 240;
const text = memory.data(256);

function append(at: u32, from: string | null): u32 {
  if (from === null) return at;
  const start = changetype<usize>(from);
  const bytes = load<u32>(start - 4);
  for (let i: u32 = 0; i < bytes && at < MAX_TEXT; i += 2) store<u8>(text + at++, load<u8>(start + i));
  return at;
}

function appendNumber(at: u32, number: u32): u32 {
  let divisor: u32 = 1000000;
  while (divisor > 1 && number < divisor) divisor /= 10;
  for (; divisor > 0; divisor /= 10) store<u8>(text + at++, <u8>(48 + ((number / divisor) % 10)));
  return at;
}

// @ts-ignore: decorator
@global
export function wasmAbort(message: string | null, file: string | null, line: u32, column: u32): void {
  let at = append(0, message);
  store<u8>(text + at++, 64);
  at = append(at, file);
  store<u8>(text + at++, 58);
  at = appendNumber(at, line);
  proxyLog(CRITICAL, text, at);
  unreachable();
}
