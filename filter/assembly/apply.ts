// What is written on a request. Everything has been read before the first write.
import { PERMIT_EXPLAIN, ROLE_GATEWAY, ROLE_INBOUND, TARGET_BYTES } from "../../proto/vocabulary/table-layout";
import { isName, lengthOf, startsWith } from "./bytes";
import { isFeedback, isGrpc } from "./decide/call";
import { chosen, chosenBy, key, shadowAt, shadowCount } from "./decide/choose";
import { branches, branchesLength } from "./decide/force";
import { explain, firstHeader, hasOurs, name, nameLength, nextHeader } from "./decide/headers";
import { removeHeader, setHeader } from "./host/calls";
import * as names from "./names";
import { beginOutput, output, outputLength, writeByte, writeDecimal, writeHex, writeName, writeText } from "./output";
import { generationOf, roleOf } from "./table/current";
import {
  clusterLengthOf,
  clusterOf,
  keyLengthOf,
  keyOf,
  nameLengthOf,
  nameOf,
  permits,
  predictorsEnd,
  predictorsOf,
  shareOf,
} from "./table/records";

const DOT: u8 = 46;
const COMMA: u8 = 44;
const COLON: u8 = 58;
const LETTER_I: u8 = 105;

/** An incoming request of a sidecar carries what the sender's Envoy has written, so only the client's wishes go. */
function isRemoved(role: u32): bool {
  if (role != ROLE_INBOUND) return startsWith(name, nameLength, names.OURS) && !isName(name, nameLength, names.TIMEOUT_MS);
  return isName(name, nameLength, names.FORCE) || isName(name, nameLength, names.EXPLAIN);
}

/** Removes what a client may not set and what is meant for the filter alone. */
export function removeOurs(table: usize): void {
  if (!hasOurs) return;
  const role = roleOf(table);
  firstHeader();
  while (nextHeader()) {
    if (isRemoved(role)) removeHeader(name, nameLength);
  }
}

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

function writeSplit(table: usize, deployment: usize): void {
  const first = predictorsOf(table, deployment);
  const end = predictorsEnd(table, deployment);
  for (let one = first; one < end; one += TARGET_BYTES) {
    if (one != first) writeByte(COMMA);
    writeText(nameOf(table, one), nameLengthOf(one));
    writeByte(COLON);
    writeDecimal(shareOf(one));
  }
}

function writeShadows(table: usize): void {
  for (let index: u32 = 0; index < shadowCount; index++) {
    const shadow = shadowAt(index);
    if (index > 0) writeByte(COMMA);
    writeText(nameOf(table, shadow), nameLengthOf(shadow));
  }
}

function setDecision(table: usize, deployment: usize): void {
  beginOutput();
  writeName(names.SAY_DEPLOYMENT);
  writeText(keyOf(table, deployment), keyLengthOf(deployment));
  writeName(names.SAY_PREDICTOR);
  writeText(nameOf(table, chosen), nameLengthOf(chosen));
  writeName(names.SAY_BY);
  writeName(chosenBy);
  writeName(names.SAY_KEY);
  writeHex(key, 8);
  writeName(names.SAY_SPLIT);
  writeSplit(table, deployment);
  writeName(names.SAY_SHADOWS);
  writeShadows(table);
  writeName(names.SAY_TABLE);
  writeHex(generationOf(table), 1);
  setOutput(names.DECISION);
}

/** Writes the decision on the request. */
export function applyChoice(table: usize, deployment: usize): void {
  if (roleOf(table) == ROLE_GATEWAY) set(names.CLUSTER, clusterOf(table, chosen, isGrpc), clusterLengthOf(chosen, isGrpc));
  set(names.PREDICTOR, nameOf(table, chosen), nameLengthOf(chosen));
  setRoute(table);
  setShadows(table);
  set(names.BRANCH, branches, branchesLength);
  if (explain.count > 0 && permits(deployment, PERMIT_EXPLAIN)) setDecision(table, deployment);
  if (isFeedback) set(names.MAX_RETRIES, names.ZERO, lengthOf(names.ZERO));
}
