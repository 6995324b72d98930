// How long a request may take, in milliseconds: what the client asks for, within what its deployment allows.
import { DEPLOYMENT_DEFAULT_TIMEOUT_MS, DEPLOYMENT_MAX_TIMEOUT_MS, MAX_TIMEOUT_MS } from "../../../proto/vocabulary/table-layout";
import { lengthOf, readDigits, sameText } from "../bytes";
import { GRPC_TIMEOUT, TIMEOUT_MS } from "../names";
import { isGrpc } from "./call";
import { findHeaders, timeoutMs, Value } from "./headers";

const MAX_DIGITS: u32 = 8;
const HIGHEST: u64 = 99999999;
/** More than any number of a header or table. */
const NONE: u64 = u64.MAX_VALUE;

/** One to eight digits, not 0; NONE for anything else. */
function readNumber(text: usize, length: u32): u64 {
  const number = length <= MAX_DIGITS ? readDigits(text, length, HIGHEST) : NONE;
  return number == 0 ? NONE : number;
}

function inMilliseconds(number: u64, unit: u8): u64 {
  switch (unit) {
    case 72: // H
      return number * 3600000;
    case 77: // M
      return number * 60000;
    case 83: // S
      return number * 1000;
    case 109: // m
      return number;
    case 117: // u
      return (number + 999) / 1000;
    case 110: // n
      return (number + 999999) / 1000000;
    default:
      return NONE;
  }
}

function grpcTimeout(): u64 {
  const said = findHeaders(GRPC_TIMEOUT, lengthOf(GRPC_TIMEOUT));
  if (said.count != 1 || said.length < 2) return NONE;
  const number = readNumber(said.text, said.length - 1);
  return number == NONE ? NONE : inMilliseconds(number, load<u8>(said.text + said.length - 1));
}

function clientsWord(): u64 {
  const ours = timeoutMs.count == 1 ? readNumber(timeoutMs.text, timeoutMs.length) : NONE;
  return isGrpc ? min(ours, grpcTimeout()) : ours;
}

function orNone(number: u32): u64 {
  return number == 0 ? NONE : number;
}

/** The deadline of a request to a deployment that has one. */
export function readDeadline(deployment: usize): u32 {
  const said = clientsWord();
  const asked = said != NONE ? said : orNone(load<u32>(deployment + DEPLOYMENT_DEFAULT_TIMEOUT_MS));
  const most = min<u64>(orNone(load<u32>(deployment + DEPLOYMENT_MAX_TIMEOUT_MS)), MAX_TIMEOUT_MS);
  return <u32>min(asked, most);
}

/** True when the request's header of deadlines, gRPC's or ours, says just this already. */
export function saysAlready(text: usize, length: u32): bool {
  const said: Value = isGrpc ? findHeaders(GRPC_TIMEOUT, lengthOf(GRPC_TIMEOUT)) : timeoutMs;
  return said.count == 1 && sameText(said.text, said.length, text, length);
}

/** The header of deadlines: gRPC's or ours. */
export function deadlineHeader(): usize {
  return isGrpc ? GRPC_TIMEOUT : TIMEOUT_MS;
}
