import type { Output } from "./output.ts";
import {
  ConnectionError,
  DEFAULT_WINDOW,
  ERROR,
  FLAG,
  FRAME,
  FRAME_HEADER_BYTES,
  MAX_FRAME_BYTES,
  MAX_WINDOW,
  SETTING,
} from "./protocol.ts";
import { DEFAULT_TABLE_BYTES } from "./static-table.ts";

/** What the peer has told of itself. */
export interface PeerSettings {
  readonly headerTableBytes: number;
  readonly maxConcurrentStreams: number;
  /** Of each stream. */
  readonly initialWindow: number;
  readonly maxFrameBytes: number;
}

export const DEFAULT_SETTINGS: PeerSettings = {
  headerTableBytes: DEFAULT_TABLE_BYTES,
  maxConcurrentStreams: Infinity,
  initialWindow: DEFAULT_WINDOW,
  maxFrameBytes: MAX_FRAME_BYTES,
};

const ENTRY_BYTES = 6;

/** The settings after a SETTINGS frame. Throws ConnectionError. */
export function readSettings(payload: Buffer, before: PeerSettings): PeerSettings {
  if (payload.length % ENTRY_BYTES !== 0) throw new ConnectionError(ERROR.FRAME_SIZE_ERROR, "SETTINGS of odd length");
  const next = { ...before };
  for (let at = 0; at < payload.length; at += ENTRY_BYTES) {
    const value = payload.readUInt32BE(at + 2);
    switch (payload.readUInt16BE(at)) {
      case SETTING.HEADER_TABLE_SIZE:
        next.headerTableBytes = value;
        break;
      case SETTING.ENABLE_PUSH:
        if (value > 1) throw new ConnectionError(ERROR.PROTOCOL_ERROR, "ENABLE_PUSH is neither 0 nor 1");
        break;
      case SETTING.MAX_CONCURRENT_STREAMS:
        next.maxConcurrentStreams = value;
        break;
      case SETTING.INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW) throw new ConnectionError(ERROR.FLOW_CONTROL_ERROR, "too large an initial window");
        next.initialWindow = value;
        break;
      case SETTING.MAX_FRAME_SIZE:
        if (value < MAX_FRAME_BYTES || value > 0xffffff) {
          throw new ConnectionError(ERROR.PROTOCOL_ERROR, "no such frame size");
        }
        // Larger frames than the least would only hold up the other streams.
        break;
      default:
    }
  }
  return next;
}

/** Writes a SETTINGS frame with these pairs of setting and value. */
export function writeSettings(output: Output, entries: readonly (readonly [setting: number, value: number])[]): void {
  output.reserve(FRAME_HEADER_BYTES + entries.length * ENTRY_BYTES);
  output.frameHeader(entries.length * ENTRY_BYTES, FRAME.SETTINGS, 0, 0);
  for (const [setting, value] of entries) {
    output.at = output.bytes.writeUInt16BE(setting, output.at);
    output.at = output.bytes.writeUInt32BE(value, output.at);
  }
}

export function writeSettingsAck(output: Output): void {
  output.reserve(FRAME_HEADER_BYTES);
  output.frameHeader(0, FRAME.SETTINGS, FLAG.ACK, 0);
}
