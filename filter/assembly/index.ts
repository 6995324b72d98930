// The filter's exports, Proxy-Wasm 0.2.1: only what is needed, since every exported callback is called.
import { ROLE_INBOUND } from "../../proto/vocabulary/table-layout";
import { applyChoice } from "./apply";
import { findCalled } from "./decide/call";
import { choose } from "./decide/choose";
import { scanHeaders } from "./decide/headers";
import "./host/abort";
import { allocate } from "./host/memory";
import { readConfiguration, readData, readLength } from "./host/calls";
import { receive } from "./inbound";
import { removeOurs } from "./removals";
import { currentTable, dropTable, roleOf, takeTable } from "./table/current";

const CONTINUE: i32 = 0;

/** Says which ABI this is; never called. */
export function proxy_abi_version_0_2_1(): void {}

/** The host asks for memory that it fills for us; 0 refuses. */
export function proxy_on_memory_allocate(size: usize): usize {
  return allocate(size);
}

/** A new table: 1 takes it, 0 refuses it and leaves the old one in force. An empty configuration does nothing and is right. */
export function proxy_on_configure(_root: i32, size: i32): i32 {
  if (size == 0) {
    dropTable();
    return 1;
  }
  if (!readConfiguration(size)) return 0;
  return takeTable(readData(), readLength()) ? 1 : 0;
}

/** Decides where a request goes and says so in its headers; it never stops or answers one. */
export function proxy_on_request_headers(_context: i32, _count: i32, isEnd: i32): i32 {
  const table = currentTable();
  if (table == 0 || !scanHeaders()) return CONTINUE;
  if (roleOf(table) == ROLE_INBOUND) {
    receive(table);
    return CONTINUE;
  }
  const deployment = findCalled();
  if (deployment != 0) choose(table, deployment, isEnd != 0);
  removeOurs();
  if (deployment != 0) applyChoice(table, deployment);
  return CONTINUE;
}
