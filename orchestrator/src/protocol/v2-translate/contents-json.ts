import { isUtf8 } from "node:buffer";
import { CallError } from "../../execute/call-error.ts";
import { elementReaderOf } from "../tensors/elements.ts";
import type { Contents } from "./json-contents.ts";

/** Typed contents as a flat JSON list; undefined where JSON can't say them. */
export function jsonOfContents(datatype: string, contents: Contents): string | undefined {
  if (datatype === "BYTES") return jsonOfTexts(contents.bytesContents ?? []);
  if (datatype === "BOOL") return JSON.stringify(contents.boolContents ?? []);
  const { intContents, int64Contents, uintContents, uint64Contents, fp32Contents, fp64Contents } = contents;
  const lists = [int64Contents, uint64Contents, intContents, uintContents, fp32Contents, fp64Contents];
  const values = lists.find((one) => one !== undefined && one !== null && one.length > 0) ?? [];
  return jsonOfNumbers(values);
}

/** Raw contents as a flat JSON list; undefined where JSON can't say them. Throws CallError where they are cut off. */
export function jsonOfRaw(datatype: string, raw: Uint8Array): string | undefined {
  if (datatype === "BYTES") return jsonOfTexts(splitElements(raw));
  const reader = elementReaderOf(datatype);
  if (reader === undefined) return undefined;
  if (raw.length % reader.size !== 0) throw new CallError("bad-reply", `raw contents of ${datatype} are cut off`);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const values: (number | bigint)[] = [];
  for (let at = 0; at < raw.length; at += reader.size) values.push(reader.read(view, at));
  return datatype === "BOOL" ? JSON.stringify(values.map((one) => one !== 0)) : jsonOfNumbers(values);
}

/** 64-bit integers come as objects or bigints, and keep their digits. */
function jsonOfNumbers(values: readonly (number | bigint | object)[]): string | undefined {
  if (values.some((one) => typeof one === "number" && !Number.isFinite(one))) return undefined;
  return `[${values.map(String).join(",")}]`;
}

function jsonOfTexts(elements: readonly Uint8Array[]): string | undefined {
  if (!elements.every((one) => isUtf8(one))) return undefined;
  return JSON.stringify(elements.map((one) => Buffer.from(one).toString("utf8")));
}

/** BYTES elements, each behind its length. */
function splitElements(raw: Uint8Array): Uint8Array[] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const elements: Uint8Array[] = [];
  let at = 0;
  while (at < raw.length) {
    const end = at + 4 <= raw.length ? at + 4 + view.getUint32(at, true) : Infinity;
    if (end > raw.length) throw new CallError("bad-reply", "raw contents of BYTES are cut off");
    elements.push(raw.subarray(at + 4, end));
    at = end;
  }
  return elements;
}
