import type { NumberedTexts } from "./part-texts.ts";
import { RECORD_KINDS, type RecordKind } from "./record-kinds.ts";
import type { TablePart } from "./table-writer.ts";

/** The strings of a table, end to end; what several parts may have stands there once. */
class Strings {
  readonly #texts: string[] = [];
  readonly #shared = new Map<string, number>();
  #length = 0;

  /** Offsets of the texts of a part, by number, counted from the first string. */
  offsetsOf({ pieces, pieceOf, within }: NumberedTexts): Uint32Array {
    const starts = pieces.map(({ text, isOwn }) => (isOwn ? this.#append(text) : this.#startOfShared(text)));
    return within.map((characters, number) => (starts[pieceOf[number] ?? 0] ?? 0) + characters);
  }

  toBytes(): Uint8Array {
    return Buffer.from(this.#texts.join(""), "latin1");
  }

  #startOfShared(text: string): number {
    const start = this.#shared.get(text) ?? this.#append(text);
    this.#shared.set(text, start);
    return start;
  }

  #append(text: string): number {
    const start = this.#length;
    this.#texts.push(text);
    this.#length += text.length;
    return start;
  }
}

/** Where a part's texts are, and how many records of each kind are before its own. */
interface Place {
  readonly offsets: Uint32Array;
  readonly firsts: readonly number[];
}

/** Makes records what they are at a place of the table. */
function settle(records: DataView, { bytesEach, texts, indexes }: RecordKind, { offsets, firsts }: Place): void {
  for (let record = 0; record < records.byteLength; record += bytesEach) {
    for (const field of texts) {
      const number = records.getUint32(record + field, true);
      records.setUint32(record + field, offsets[number] ?? 0, true);
    }
    for (const [field, kind] of indexes) {
      const index = records.getUint32(record + field, true);
      records.setUint32(record + field, index + (firsts[kind] ?? 0), true);
    }
  }
}

/** The areas of records of a table of these parts, by kind, and its strings. */
export function joinParts(parts: readonly TablePart[]): {
  readonly areas: readonly Uint8Array[];
  readonly strings: Uint8Array;
} {
  const areas = RECORD_KINDS.map((_, kind) => Buffer.concat(parts.map(({ records }) => records[kind] ?? Buffer.of())));
  const strings = new Strings();
  const firsts = RECORD_KINDS.map(() => 0);
  for (const { texts, records } of parts) {
    const place = { offsets: strings.offsetsOf(texts), firsts: firsts.slice() };
    RECORD_KINDS.forEach((kind, number) => {
      const [area, own] = [areas[number], records[number]];
      if (area === undefined || own === undefined || own.length === 0) return;
      const start = (place.firsts[number] ?? 0) * kind.bytesEach;
      settle(new DataView(area.buffer, area.byteOffset + start, own.length), kind, place);
      firsts[number] = (place.firsts[number] ?? 0) + own.length / kind.bytesEach;
    });
  }
  return { areas, strings: strings.toBytes() };
}
