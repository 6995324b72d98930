// The text of `x-graphway-decision`: why a request goes where it goes. Left in `output`.
import { TARGET_BYTES } from "../../proto/vocabulary/table-layout";
import { chosen, chosenBy, ruleTaken, splitEnd, splitStart } from "./decide/choose";
import { key } from "./decide/key";
import { shadowAt, shadowCount } from "./decide/shadows";
import * as names from "./names";
import { beginOutput, writeByte, writeDecimal, writeHex, writeName, writeText } from "./output";
import { generationOf } from "./table/current";
import { keyLengthOf, keyOf, nameLengthOf, nameOf, weightOf } from "./table/records";

const COMMA: u8 = 44;
const COLON: u8 = 58;

function writeNameOf(table: usize, record: usize): void {
  writeText(nameOf(table, record), nameLengthOf(record));
}

function writeSplit(table: usize): void {
  for (let one = splitStart; one < splitEnd; one += TARGET_BYTES) {
    if (one != splitStart) writeByte(COMMA);
    writeNameOf(table, one);
    writeByte(COLON);
    writeDecimal(weightOf(one));
  }
}

function writeShadows(table: usize): void {
  for (let index: u32 = 0; index < shadowCount; index++) {
    if (index > 0) writeByte(COMMA);
    writeNameOf(table, shadowAt(index));
  }
}

/** Writes the decision about a request. */
export function writeDecision(table: usize, deployment: usize): void {
  beginOutput();
  writeName(names.SAY_DEPLOYMENT);
  writeText(keyOf(table, deployment), keyLengthOf(deployment));
  writeName(names.SAY_PREDICTOR);
  writeNameOf(table, chosen);
  writeName(names.SAY_BY);
  writeName(chosenBy);
  if (ruleTaken != 0) {
    writeName(names.SAY_RULE);
    writeNameOf(table, ruleTaken);
  }
  writeName(names.SAY_KEY);
  writeHex(key, 8);
  writeName(names.SAY_SPLIT);
  writeSplit(table);
  writeName(names.SAY_SHADOWS);
  writeShadows(table);
  writeName(names.SAY_TABLE);
  writeHex(generationOf(table), 1);
}
