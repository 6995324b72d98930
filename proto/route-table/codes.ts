import * as at from "../vocabulary/table-layout.ts";
import type { TableCondition, TableGrant, TableRole, TableStickyKey, TextTest } from "./model.ts";

// The words of the model and the numbers that stand for them in bytes.

export const ROLE_CODES: Readonly<Record<TableRole, number>> = {
  gateway: at.ROLE_GATEWAY,
  outbound: at.ROLE_OUTBOUND,
  inbound: at.ROLE_INBOUND,
};

export const STICKY_CODES: Readonly<Record<TableStickyKey["kind"], number>> = {
  header: at.STICKY_HEADER,
  cookie: at.STICKY_COOKIE,
  query: at.STICKY_QUERY,
};

export const ON_CODES: Readonly<Record<TableCondition["on"], number>> = {
  header: at.ON_HEADER,
  cookie: at.ON_COOKIE,
  query: at.ON_QUERY,
  path: at.ON_PATH,
  method: at.ON_METHOD,
  transport: at.ON_TRANSPORT,
};

export const TEST_CODES: Readonly<Record<TextTest["kind"], number>> = {
  present: at.TEST_PRESENT,
  absent: at.TEST_ABSENT,
  exact: at.TEST_EXACT,
  prefix: at.TEST_PREFIX,
  suffix: at.TEST_SUFFIX,
  contains: at.TEST_CONTAINS,
};

export const GRANT_CODES: Readonly<Record<TableGrant["kind"], number>> = {
  anyone: at.GRANT_ANYONE,
  secret: at.GRANT_SECRET,
  claim: at.GRANT_CLAIM,
};

/** The word of a code; undefined for a number that stands for none. */
export function wordOf<Word extends string>(codes: Readonly<Record<Word, number>>, code: number): Word | undefined {
  return (Object.keys(codes) as Word[]).find((word) => codes[word] === code);
}
