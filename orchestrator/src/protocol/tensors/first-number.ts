/** The first element of little-endian tensor bytes of a V2 datatype; undefined where there is none or it is no number. */
export function firstNumberOf(datatype: string, bytes: Uint8Array): number | undefined {
  const reader = Object.hasOwn(READERS, datatype) ? READERS[datatype] : undefined;
  if (reader === undefined || bytes.length < reader.size) return undefined;
  return reader.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

interface Reader {
  readonly size: number;
  readonly read: (view: DataView) => number;
}

const READERS: Readonly<Record<string, Reader>> = {
  BOOL: { size: 1, read: (view) => (view.getUint8(0) === 0 ? 0 : 1) },
  INT8: { size: 1, read: (view) => view.getInt8(0) },
  INT16: { size: 2, read: (view) => view.getInt16(0, true) },
  INT32: { size: 4, read: (view) => view.getInt32(0, true) },
  INT64: { size: 8, read: (view) => Number(view.getBigInt64(0, true)) },
  UINT8: { size: 1, read: (view) => view.getUint8(0) },
  UINT16: { size: 2, read: (view) => view.getUint16(0, true) },
  UINT32: { size: 4, read: (view) => view.getUint32(0, true) },
  UINT64: { size: 8, read: (view) => Number(view.getBigUint64(0, true)) },
  FP16: { size: 2, read: (view) => halfOf(view.getUint16(0, true)) },
  BF16: { size: 2, read: (view) => bfloatOf(view.getUint16(0, true)) },
  FP32: { size: 4, read: (view) => view.getFloat32(0, true) },
  FP64: { size: 8, read: (view) => view.getFloat64(0, true) },
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

/** The first scalar of JSON data of any depth, booleans as 0 and 1; undefined where there is no number. */
export function firstNumberInJson(data: unknown): number | undefined {
  let value = data;
  while (Array.isArray(value)) value = (value as readonly unknown[])[0];
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "number" ? value : undefined;
}
