// Which deployment a request asks for, and what it calls: a path below `/seldon/` says it, else gRPC metadata.
import { MAX_TABLE_STRING_BYTES } from "../../../proto/vocabulary/table-layout";
import { endsWith, indexOf, isName, lengthOf, startsWith } from "../bytes";
import { FEEDBACK_0, FEEDBACK_1, GRPC, PATH_PREFIX, SEND_FEEDBACK } from "../names";
import { findDeployment } from "../table/current";
import { contentType, namespace, path, seldon } from "./headers";

const SLASH: u8 = 47;
const QUESTION_MARK: u8 = 63;
const HASH_SIGN: u8 = 35;

/** `<namespace>/<name>` of gRPC metadata, put together. */
const metadataKey = memory.data(MAX_TABLE_STRING_BYTES, 8);

export let isGrpc: bool = false;
export let isFeedback: bool = false;
/** The path without its deployment's prefix, or without gRPC's first slash, and without query and fragment. */
export let restOfPath: usize = 0;
export let restOfPathLength: u32 = 0;

/** Where the path ends: before its query and fragment. */
function plainEnd(): usize {
  const end = path.text + path.length;
  let at = path.text;
  while (at < end && load<u8>(at) != QUESTION_MARK && load<u8>(at) != HASH_SIGN) at++;
  return at;
}

function findByPath(end: usize): usize {
  const key = path.text + lengthOf(PATH_PREFIX);
  const afterNamespace = indexOf(SLASH, key, end);
  if (afterNamespace == end) return 0;
  const afterName = indexOf(SLASH, afterNamespace + 1, end);
  if (afterName == end || <u64>(afterName - key) > <u64>MAX_TABLE_STRING_BYTES) return 0;
  restOfPath = afterName + 1;
  restOfPathLength = <u32>(end - restOfPath);
  isGrpc = false;
  isFeedback = isName(restOfPath, restOfPathLength, FEEDBACK_0) || isName(restOfPath, restOfPathLength, FEEDBACK_1);
  return findDeployment(key, <u32>(afterName - key));
}

/** A routing header that is repeated names nothing: Envoy would see the values as one joined text. */
function findByMetadata(end: usize): usize {
  if (seldon.count != 1 || namespace.count != 1) return 0;
  const length: u64 = <u64>namespace.length + 1 + <u64>seldon.length;
  if (length > <u64>MAX_TABLE_STRING_BYTES) return 0;
  memory.copy(metadataKey, namespace.text, namespace.length);
  store<u8>(metadataKey + namespace.length, SLASH);
  memory.copy(metadataKey + namespace.length + 1, seldon.text, seldon.length);
  isGrpc = true;
  isFeedback = endsWith(path.text, <u32>(end - path.text), SEND_FEEDBACK);
  const slash = indexOf(SLASH, path.text, end);
  restOfPath = slash == end ? path.text : slash + 1;
  restOfPathLength = <u32>(end - restOfPath);
  return findDeployment(metadataKey, <u32>length);
}

/** The deployment that the request names; 0 without one. Sets `isGrpc` and `isFeedback`. */
export function findCalled(): usize {
  const end = plainEnd();
  if (startsWith(path.text, <u32>(end - path.text), PATH_PREFIX)) return findByPath(end);
  if (!startsWith(contentType.text, contentType.length, GRPC)) return 0;
  return findByMetadata(end);
}
