const MAX_TEXT_BYTES = 8192;
// Printable ASCII but the percent sign.
const PLAIN = /^[ -$&-~]*$/;

/** `grpc-message` as gRPC percent-encodes it; long texts are cut. */
export function encodeStatusText(text: string): string {
  if (PLAIN.test(text)) return text.slice(0, MAX_TEXT_BYTES);
  const parts: string[] = [];
  let length = 0;
  for (const byte of Buffer.from(text, "utf8")) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    const part = isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    length += part.length;
    if (length > MAX_TEXT_BYTES) break;
    parts.push(part);
  }
  return parts.join("");
}
