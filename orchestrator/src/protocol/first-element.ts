import { BYTES, eachField, FIXED64, WireError, type Field } from "./wire/fields.ts";

/** Fields of SeldonMessage. */
const STATUS = 1;
const META = 2;
const DATA = 3;
/** Fields of DefaultData, Tensor, ListValue and Value. */
const NAMES = 1;
const TENSOR = 2;
const NDARRAY = 3;
const TENSOR_VALUES = 2;
const LIST_VALUES = 1;
const NUMBER_VALUE = 2;
const LIST_VALUE = 6;

const DOUBLE_BYTES = 8;
/** A number may stand in a row, and that in the ndarray. */
const MAX_LISTS = 2;

/**
 * The first number of the tensor or the ndarray of an encoded SeldonMessage, without decoding the rest. Undefined where
 * it says anything else, says it in an unusual way or is malformed: then only decoding tells.
 */
export function firstElement(message: Buffer): number | undefined {
  try {
    return ofMessage(message);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function ofMessage(message: Buffer): number | undefined {
  const data = onlyField(message, 0, message.length, DATA, (number) => number === STATUS || number === META);
  if (data?.wire !== BYTES) return undefined;
  const kind = onlyField(message, data.value, data.end, undefined, (number) => number === NAMES);
  if (kind?.wire !== BYTES) return undefined;
  if (kind.number === TENSOR) return ofTensor(message, kind);
  return kind.number === NDARRAY ? ofList(message, kind, MAX_LISTS) : undefined;
}

/** The one field beside those that may be passed over; undefined where there is none, another, or several. */
function onlyField(
  bytes: Buffer,
  from: number,
  to: number,
  number: number | undefined,
  isPassed: (number: number) => boolean,
): Field | undefined {
  const found: Field[] = [];
  const visit = (field: Field): void => {
    if (!isPassed(field.number)) found.push({ ...field });
  };
  eachField(bytes, visit, from, to);
  const [only] = found;
  return found.length === 1 && (number === undefined || only?.number === number) ? only : undefined;
}

function ofTensor(bytes: Buffer, { value, end }: Field): number | undefined {
  const values = firstField(bytes, value, end, TENSOR_VALUES);
  if (values === undefined) return undefined;
  // Packed as the schema has it, or not.
  const isWhole = values.wire === FIXED64 || (values.wire === BYTES && isOfDoubles(values));
  return isWhole ? bytes.readDoubleLE(values.value) : undefined;
}

function isOfDoubles({ value, end }: Field): boolean {
  return end > value && (end - value) % DOUBLE_BYTES === 0;
}

/** The first number of an encoded ListValue, at most so many lists deep. */
function ofList(bytes: Buffer, { value, end }: Field, depth: number): number | undefined {
  const first = firstField(bytes, value, end, LIST_VALUES);
  if (first?.wire !== BYTES) return undefined;
  const kind = onlyField(bytes, first.value, first.end, undefined, () => false);
  if (kind?.number === NUMBER_VALUE && kind.wire === FIXED64) return bytes.readDoubleLE(kind.value);
  return kind?.number === LIST_VALUE && kind.wire === BYTES && depth > 1 ? ofList(bytes, kind, depth - 1) : undefined;
}

function firstField(bytes: Buffer, from: number, to: number, number: number): Field | undefined {
  let found: Field | undefined;
  const visit = (field: Field): void => {
    if (found === undefined && field.number === number) found = { ...field };
  };
  eachField(bytes, visit, from, to);
  return found;
}
