/** How one element of a datatype is read. */
export interface ElementReader {
  /** Bytes. */
  readonly size: number;
  readonly read: (view: DataView, at: number) => number | bigint;
}

/** The reader of a V2 datatype of numbers; undefined for BYTES and unknown ones. */
export function elementReaderOf(datatype: string): ElementReader | undefined {
  return Object.hasOwn(READERS, datatype) ? READERS[datatype] : undefined;
}

const READERS: Readonly<Record<string, ElementReader>> = {
  BOOL: { size: 1, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
  INT8: { size: 1, read: (view, at) => view.getInt8(at) },
  INT16: { size: 2, read: (view, at) => view.getInt16(at, true) },
  INT32: { size: 4, read: (view, at) => view.getInt32(at, true) },
  INT64: { size: 8, read: (view, at) => view.getBigInt64(at, true) },
  UINT8: { size: 1, read: (view, at) => view.getUint8(at) },
  UINT16: { size: 2, read: (view, at) => view.getUint16(at, true) },
  UINT32: { size: 4, read: (view, at) => view.getUint32(at, true) },
  UINT64: { size: 8, read: (view, at) => view.getBigUint64(at, true) },
  FP16: { size: 2, read: (view, at) => halfOf(view.getUint16(at, true)) },
  BF16: { size: 2, read: (view, at) => bfloatOf(view.getUint16(at, true)) },
  FP32: { size: 4, read: (view, at) => view.getFloat32(at, true) },
  FP64: { size: 8, read: (view, at) => view.getFloat64(at, true) },
};

/** IEEE 754 binary16. */
function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16: the upper half of a binary32. */
function bfloatOf(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits * 65536);
  return view.getFloat32(0);
}

/** The elements of BYTES in raw contents, each behind its length in four bytes; undefined where they are cut off. */
export function splitBytesElements(raw: Uint8Array): readonly Uint8Array[] | undefined {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const elements: Uint8Array[] = [];
  let at = 0;
  while (at < raw.length) {
    const end = at + 4 <= raw.length ? at + 4 + view.getUint32(at, true) : Infinity;
    if (end > raw.length) return undefined;
    elements.push(raw.subarray(at + 4, end));
    at = end;
  }
  return elements;
}
