const MAX_TEXT_BYTES = 8192;
// Printable ASCII but the percent sign; a space at either end is no part of a header's value (RFC 9113 §8.2.1).
const PLAIN = /^(?! )[ -$&-~]*(?<! )$/;

/** `grpc-message` as gRPC percent-encodes it; long texts are cut. */
export function encodeStatusText(text: string): string {
  if (PLAIN.test(text)) return text.slice(0, MAX_TEXT_BYTES).trimEnd();
  const parts: string[] = [];
  let length = 0;
  const bytes = Buffer.from(text, "utf8");
  for (const [i, byte] of bytes.entries()) {
    const isEdge = i === 0 || i === bytes.length - 1;
    const isPlain = byte <= 0x7e && byte !== 0x25 && (isEdge ? byte > 0x20 : byte >= 0x20);
    const part = isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    length += part.length;
    if (length > MAX_TEXT_BYTES) break;
    parts.push(part);
  }
  return parts.join("");
}
