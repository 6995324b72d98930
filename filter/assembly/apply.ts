// What is written on a request, from what was read and decided before.
import {
  ROLE_GATEWAY,
  STICKY_KEY_ATTRIBUTES,
  STICKY_KEY_ATTRIBUTES_LENGTH,
  STICKY_KEY_NAME,
  STICKY_KEY_NAME_LENGTH,
} from "../../proto/vocabulary/table-layout";
import { lengthOf } from "./bytes";
import { isFeedback, isGrpc } from "./decide/call";
import { chosen, chosenBy, ruleNumber } from "./decide/choose";
import { deadlineHeader, readDeadline, saysAlready } from "./decide/deadline";
import { branches, branchesLength } from "./decide/force";
import { mayExplain } from "./decide/grants";
import { explain, timeoutMs } from "./decide/headers";
import { cookie, COOKIE_BYTES, issued, key } from "./decide/key";
import { shadowAt, shadowCount } from "./decide/shadows";
import { writeDecision } from "./decision";
import { removeHeader, setHeader } from "./host/calls";
import * as names from "./names";
import { beginOutput, output, outputLength, writeByte, writeDecimal, writeHex, writeName, writeText } from "./output";
import { generationOf, roleOf } from "./table/current";
import { clusterLengthOf, clusterOf, hasDeadline, nameLengthOf, nameOf, stringAt } from "./table/records";

const DOT: u8 = 46;
const EQUALS: u8 = 61;
const LETTER_I: u8 = 105;
const LETTER_M: u8 = 109;

function set(header: usize, value: usize, length: u32): void {
  if (length > 0) setHeader(header, lengthOf(header), value, length);
}

function setOutput(header: usize): void {
  set(header, output, outputLength());
}

function setRoute(table: usize): void {
  beginOutput();
  writeHex(generationOf(table), 1);
  writeByte(DOT);
  writeByte(chosenBy == names.BY_REQUEST_ID ? LETTER_I : load<u8>(chosenBy));
  if (ruleNumber > 0) writeDecimal(ruleNumber);
  writeByte(DOT);
  writeHex(key >>> 20, 3);
  setOutput(names.ROUTE);
}

function setShadows(table: usize): void {
  let written: u8 = 0;
  for (let index: u32 = 0; index < shadowCount; index++) {
    const shadow = shadowAt(index);
    const length = clusterLengthOf(shadow, isGrpc);
    if (length == 0) continue;
    written++;
    beginOutput();
    writeName(names.SHADOW_CLUSTER);
    writeByte(48 + written);
    setHeader(output, outputLength(), clusterOf(table, shadow, isGrpc), length);
  }
}

function setCookie(table: usize): void {
  beginOutput();
  writeText(stringAt(table, issued + STICKY_KEY_NAME), load<u16>(issued + STICKY_KEY_NAME_LENGTH));
  writeByte(EQUALS);
  writeText(cookie, COOKIE_BYTES);
  writeText(stringAt(table, issued + STICKY_KEY_ATTRIBUTES), load<u16>(issued + STICKY_KEY_ATTRIBUTES_LENGTH));
  setOutput(names.SET_COOKIE);
}

function setDeadline(deployment: usize): void {
  beginOutput();
  writeDecimal(readDeadline(deployment));
  if (isGrpc) writeByte(LETTER_M);
  if (!saysAlready(output, outputLength())) setOutput(deadlineHeader());
  if (isGrpc && timeoutMs.count > 0) removeHeader(names.TIMEOUT_MS, lengthOf(names.TIMEOUT_MS));
}

/** Writes the decision on the request. */
export function applyChoice(table: usize, deployment: usize): void {
  if (roleOf(table) == ROLE_GATEWAY) set(names.CLUSTER, clusterOf(table, chosen, isGrpc), clusterLengthOf(chosen, isGrpc));
  set(names.PREDICTOR, nameOf(table, chosen), nameLengthOf(chosen));
  setRoute(table);
  if (shadowCount > 0) setShadows(table);
  set(names.BRANCH, branches, branchesLength);
  if (explain.count > 0 && mayExplain(table, deployment)) {
    writeDecision(table, deployment);
    setOutput(names.DECISION);
  }
  if (issued != 0) setCookie(table);
  if (hasDeadline(deployment)) setDeadline(deployment);
  if (isFeedback) set(names.MAX_RETRIES, names.ZERO, lengthOf(names.ZERO));
}
