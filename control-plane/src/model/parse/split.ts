/** One document of a text, and where it begins. */
export interface DocumentText {
  readonly text: string;
  /** Characters before it. */
  readonly offset: number;
}

const SEPARATOR = /^---(?=[ \t\r\n]|$)/gm;
const CONTENT_LINE = /^(?!%|[ \t]*#)[ \t]*\S/m;

/**
 * Cuts a text at its `---` lines, so that a document that cannot be read hides no other.
 * A separator stands in column 1, where YAML allows no content of a document, so no text is cut in two.
 */
export function splitDocuments(text: string): readonly DocumentText[] {
  const cuts = [...text.matchAll(SEPARATOR)].map((match) => match.index);
  const documents: DocumentText[] = [];
  let start = 0;
  for (const cut of [...cuts, text.length]) {
    const part = text.slice(start, cut);
    // Directives (`%YAML`) belong to the document after them.
    const directivesOnly = /^%/m.test(part) && !CONTENT_LINE.test(part);
    if (directivesOnly && cut < text.length) continue;
    documents.push({ text: part, offset: start });
    start = cut;
  }
  return documents;
}
