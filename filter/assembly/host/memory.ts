// Memory that the host fills. It asks for a block while it is inside a call of ours, so the caller says beforehand what it is for.
import { MAX_TABLE_BYTES } from "../../../proto/vocabulary/limits";

const SCRATCH_BYTES: usize = 65536;
/** The host refuses to send larger header maps; larger ones are not asked for again. */
const MAX_HEADERS_BYTES: usize = 1048576;
const scratch = memory.data(65536, 8);

let forTable: bool = false;
/** A header map that did not fit into the scratch; freed at the next request. */
let overflow: usize = 0;

/** The next block is for a table, and belongs to whoever asked for it. */
export function expectTable(): void {
  forTable = true;
}

/** The next block is for the headers of one request, and is gone at the next. */
export function expectHeaders(): void {
  forTable = false;
  if (overflow != 0) {
    heap.free(overflow);
    overflow = 0;
  }
}

/** The host's allocator; 0 refuses. */
export function allocate(size: usize): usize {
  if (forTable) return size <= <usize>MAX_TABLE_BYTES ? heap.alloc(size) : 0;
  if (size <= SCRATCH_BYTES) return scratch;
  if (size > MAX_HEADERS_BYTES || overflow != 0) return 0;
  overflow = heap.alloc(size);
  return overflow;
}
