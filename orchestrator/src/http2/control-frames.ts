import type { Output } from "./output.ts";
import { ConnectionError, ERROR, FLAG, FRAME, FRAME_HEADER_BYTES } from "./protocol.ts";

export function writeWindowUpdate(output: Output, streamId: number, bytes: number): void {
  output.reserve(FRAME_HEADER_BYTES + 4);
  output.frameHeader(4, FRAME.WINDOW_UPDATE, 0, streamId);
  output.at = output.bytes.writeUInt32BE(bytes, output.at);
}

export function writeReset(output: Output, streamId: number, code: number): void {
  output.reserve(FRAME_HEADER_BYTES + 4);
  output.frameHeader(4, FRAME.RST_STREAM, 0, streamId);
  output.at = output.bytes.writeUInt32BE(code, output.at);
}

/** Eight bytes of payload. */
export function writePing(output: Output, payload: Buffer, isAck: boolean): void {
  output.reserve(FRAME_HEADER_BYTES + payload.length);
  output.frameHeader(payload.length, FRAME.PING, isAck ? FLAG.ACK : 0, 0);
  output.at += payload.copy(output.bytes, output.at);
}

export function writeGoaway(output: Output, lastStreamId: number, code: number): void {
  output.reserve(FRAME_HEADER_BYTES + 8);
  output.frameHeader(8, FRAME.GOAWAY, 0, 0);
  output.at = output.bytes.writeUInt32BE(lastStreamId, output.at);
  output.at = output.bytes.writeUInt32BE(code, output.at);
}

/** The payload of a DATA or HEADERS frame without its padding and without `prefixBytes` of priority. */
export function withoutPadding(payload: Buffer, flags: number, prefixBytes: number): Buffer {
  let start = prefixBytes;
  let end = payload.length;
  if ((flags & FLAG.PADDED) !== 0) {
    start += 1;
    end -= payload[0] ?? 0;
  }
  if (start > end) throw new ConnectionError(ERROR.PROTOCOL_ERROR, "more padding than payload");
  return start === 0 && end === payload.length ? payload : payload.subarray(start, end);
}

/** The payload of a frame that has this length and no other. */
export function ofLength(payload: Buffer, length: number, what: string): Buffer {
  if (payload.length !== length) {
    throw new ConnectionError(ERROR.FRAME_SIZE_ERROR, `a ${what} frame of ${payload.length} bytes`);
  }
  return payload;
}
