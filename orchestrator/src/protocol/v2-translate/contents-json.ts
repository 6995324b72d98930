import { isUtf8 } from "node:buffer";
import { elementReaderOf, splitBytesElements } from "#proto/json/tensor-elements.ts";
import { CallError } from "../../execute/call-error.ts";
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
  if (datatype === "BYTES") {
    const elements = splitBytesElements(raw);
    if (elements === undefined) throw new CallError("bad-reply", "raw contents of BYTES are cut off");
    return jsonOfTexts(elements);
  }
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
