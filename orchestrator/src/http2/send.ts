import { HeaderEncoder } from "./header-encoder.ts";
import { MAX_PENDING_OUTPUT } from "./limits.ts";
import { FLAG, FRAME, FRAME_HEADER_BYTES, MAX_FRAME_BYTES } from "./protocol.ts";
import { putFrameHeader } from "./output.ts";
import { writeReset } from "./control-frames.ts";
import type { Stream } from "./stream.ts";

/** A part of a message from here on is written from where it is, not copied behind its frame's header. */
const IN_PLACE_BYTES = 8192;

/** Sends a header list (name, value, …); with `isEnd` it is the last that this side sends. */
export function sendHeaders(stream: Stream, list: readonly string[], isEnd: boolean): void {
  if (stream.isLocalClosed) return;
  const { output, encoder } = stream.connection;
  output.reserve(FRAME_HEADER_BYTES + HeaderEncoder.maxBytes(list));
  const start = output.at;
  const end = encoder.encode(list, output.bytes, start + FRAME_HEADER_BYTES);
  const length = end - start - FRAME_HEADER_BYTES;
  const endFlag = isEnd ? FLAG.END_STREAM : 0;
  if (length <= MAX_FRAME_BYTES) {
    putFrameHeader(output.bytes, start, length, FRAME.HEADERS, endFlag | FLAG.END_HEADERS, stream.id);
    output.at = end;
  } else {
    sendInParts(stream, Buffer.from(output.bytes.subarray(start + FRAME_HEADER_BYTES, end)), endFlag);
  }
  if (isEnd) closeLocal(stream);
}

/** A block that is larger than a frame. */
function sendInParts(stream: Stream, block: Buffer, endFlag: number): void {
  const { output } = stream.connection;
  for (let at = 0; at < block.length; at += MAX_FRAME_BYTES) {
    const part = block.subarray(at, at + MAX_FRAME_BYTES);
    const isLast = at + part.length === block.length;
    const flags = (at === 0 ? endFlag : 0) | (isLast ? FLAG.END_HEADERS : 0);
    output.reserve(FRAME_HEADER_BYTES + part.length);
    output.frameHeader(part.length, at === 0 ? FRAME.HEADERS : FRAME.CONTINUATION, flags, stream.id);
    output.at += part.copy(output.bytes, output.at);
  }
}

/** Sends `head` and `body`, one after the other, as flow control allows; what has to wait must not change any more. */
export function sendData(stream: Stream, head: Buffer, body: Buffer, isEnd: boolean): void {
  if (stream.isLocalClosed) return;
  const { connection } = stream;
  const { output } = connection;
  const length = head.length + body.length;
  if (
    stream.pending.length > 0 ||
    length > MAX_FRAME_BYTES ||
    length > stream.sendWindow ||
    length > connection.sendWindow ||
    output.pendingBytes > MAX_PENDING_OUTPUT
  ) {
    queue(stream, head, body, isEnd);
    return;
  }
  stream.sendWindow -= length;
  connection.sendWindow -= length;
  output.reserve(FRAME_HEADER_BYTES + length);
  output.frameHeader(length, FRAME.DATA, isEnd ? FLAG.END_STREAM : 0, stream.id);
  output.at += head.copy(output.bytes, output.at);
  output.at += body.copy(output.bytes, output.at);
  if (isEnd) closeLocal(stream);
}

/** Sends the last headers, behind all data. */
export function sendTrailers(stream: Stream, list: readonly string[]): void {
  if (stream.pending.length > 0) stream.trailers = list;
  else sendHeaders(stream, list, true);
}

/** Ends the stream at once, whatever waits on it. */
export function resetStream(stream: Stream, code: number): void {
  if (stream.isClosed) return;
  const { connection } = stream;
  writeReset(connection.output, stream.id, code);
  if (!stream.isRemoteClosed) connection.ignoreRest(stream.id);
  dropStream(stream);
}

/** The stream is over for both sides; what waits on it is not sent. */
export function dropStream(stream: Stream): void {
  for (const { bytes } of stream.pending) stream.connection.unsentBytes -= bytes.length;
  stream.pending.length = 0;
  stream.trailers = undefined;
  stream.isLocalClosed = stream.isRemoteClosed = true;
  stream.connection.forget(stream);
}

function queue(stream: Stream, head: Buffer, body: Buffer, isEnd: boolean): void {
  stream.connection.unsentBytes += head.length + body.length;
  if (head.length > 0) stream.pending.push({ bytes: head, isEnd: isEnd && body.length === 0 });
  if (body.length > 0 || head.length === 0) stream.pending.push({ bytes: body, isEnd });
  pump(stream);
}

/** Sends what flow control and the socket let pass of what waits. */
export function pump(stream: Stream): void {
  const { connection, pending } = stream;
  const { output } = connection;
  for (let first = pending[0]; first !== undefined; first = pending[0]) {
    const allowed = Math.max(0, Math.min(stream.sendWindow, connection.sendWindow, MAX_FRAME_BYTES));
    const length = Math.min(first.bytes.length, allowed);
    if ((length === 0 && first.bytes.length > 0) || output.pendingBytes > MAX_PENDING_OUTPUT) {
      connection.blocked.add(stream);
      return;
    }
    const isWhole = length === first.bytes.length;
    const isEnd = isWhole && first.isEnd;
    stream.sendWindow -= length;
    connection.sendWindow -= length;
    connection.unsentBytes -= length;
    connection.pumpedBytes += length;
    const isInPlace = length >= IN_PLACE_BYTES;
    output.reserve(FRAME_HEADER_BYTES + (isInPlace ? 0 : length));
    output.frameHeader(length, FRAME.DATA, isEnd ? FLAG.END_STREAM : 0, stream.id);
    if (isInPlace) output.appendInPlace(isWhole ? first.bytes : first.bytes.subarray(0, length));
    else output.at += first.bytes.copy(output.bytes, output.at, 0, length);
    if (isWhole) pending.shift();
    else first.bytes = first.bytes.subarray(length);
    if (isEnd) closeLocal(stream);
  }
  connection.blocked.delete(stream);
  const { trailers } = stream;
  if (trailers !== undefined) {
    stream.trailers = undefined;
    sendHeaders(stream, trailers, true);
  } else if (!stream.isClosed) {
    stream.events.onDrain();
  }
}

function closeLocal(stream: Stream): void {
  stream.isLocalClosed = true;
  if (stream.isRemoteClosed) stream.connection.forget(stream);
  else stream.connection.onLocalEnd(stream);
}
