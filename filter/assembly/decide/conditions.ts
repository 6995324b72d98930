// Whether conditions of rules and shadows hold for the request.
import * as at from "../../../proto/vocabulary/table-layout";
import { contains, lengthOf, sameBytes, sameText } from "../bytes";
import { METHOD, TRANSPORT_GRPC, TRANSPORT_REST } from "../names";
import { conditionAt, stringAt } from "../table/records";
import { isGrpc, restOfPath, restOfPathLength } from "./call";
import { findValue, found, foundLength } from "./values";

function passes(test: u32, value: usize, length: u32, text: usize, textLength: u32): bool {
  if (test == at.TEST_PRESENT) return true;
  if (test == at.TEST_EXACT) return sameText(value, length, text, textLength);
  if (textLength > length) return false;
  if (test == at.TEST_PREFIX) return sameBytes(value, text, textLength);
  if (test == at.TEST_SUFFIX) return sameBytes(value + length - textLength, text, textLength);
  return test == at.TEST_CONTAINS && contains(value, length, text, textLength);
}

/** True when a value that is there passes the test of a condition. */
export function passesWith(table: usize, condition: usize, value: usize, length: u32): bool {
  const text = stringAt(table, condition + at.CONDITION_TEXT);
  return passes(load<u8>(condition + at.CONDITION_TEST), value, length, text, load<u16>(condition + at.CONDITION_TEXT_LENGTH));
}

function holds(table: usize, condition: usize): bool {
  const on: u32 = load<u8>(condition + at.CONDITION_ON);
  if (on == at.ON_PATH) return passesWith(table, condition, restOfPath, restOfPathLength);
  if (on == at.ON_TRANSPORT) {
    const transport = isGrpc ? TRANSPORT_GRPC : TRANSPORT_REST;
    return passesWith(table, condition, transport, lengthOf(transport));
  }
  const isThere =
    on == at.ON_METHOD
      ? findValue(at.ON_HEADER, METHOD, lengthOf(METHOD))
      : findValue(on, stringAt(table, condition + at.CONDITION_NAME), load<u16>(condition + at.CONDITION_NAME_LENGTH));
  if (isThere) return passesWith(table, condition, found, foundLength);
  return <u32>load<u8>(condition + at.CONDITION_TEST) == at.TEST_ABSENT;
}

/** True when all of these conditions hold; so do none. */
export function allHold(table: usize, first: u32, count: u32): bool {
  for (let index: u32 = 0; index < count; index++) {
    if (!holds(table, conditionAt(table, first + index))) return false;
  }
  return true;
}
