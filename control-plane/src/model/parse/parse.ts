import { parseEvents, YAMLException, type Event } from "js-yaml";
import { problem, type Checked, type Problem } from "../../problem/problem.ts";
import type { SourceObject, SourceText } from "../model.ts";
import type { ModelLimits } from "../settings.ts";
import { composeNodes, type Composed, type TextFault } from "./compose.ts";
import { findOffset, plainValue, type SourceNode } from "./node.ts";
import { positionFinder } from "./position.ts";
import { splitDocuments, type DocumentText } from "./split.ts";

/**
 * Reads every object of a text: YAML with several documents, or JSON. A document that cannot be read is a problem with
 * its place and hides no other document. Lists (`kind: List`) are still whole objects here.
 */
export function parseText(source: SourceText, limits: ModelLimits): Checked<readonly SourceObject[]> {
  const { file, text } = source;
  if (text.length > limits.maxFileCharacters) return { value: [], problems: [fileTooLarge(source, limits)] };
  const positionAt = positionFinder(text);
  const objects: SourceObject[] = [];
  const problems: Problem[] = [];
  for (const document of splitDocuments(text)) {
    const { roots, faults } = readDocument(document, limits);
    // A faulty document is not judged further: half of it may be missing.
    if (faults.length === 0) {
      for (const root of roots) {
        const locate = (path: readonly (string | number)[]) => positionAt(document.offset + findOffset(root, path));
        objects.push({ value: plainValue(root), file, locate });
      }
    }
    for (const fault of faults) {
      const object = roots.length === 1 ? nameOf(roots[0]) : "";
      problems.push(faultProblem(fault, { file, object, position: positionAt(document.offset + fault.offset) }));
    }
  }
  if (objects.length === 0 && problems.length === 0) {
    return { value: [], problems: [problem("TextEmpty", { file, message: "the file holds no object" })] };
  }
  return { value: objects, problems };
}

function readDocument(document: DocumentText, limits: ModelLimits): Composed {
  if (document.text.length > limits.maxDocumentCharacters) {
    const message = `the document has ${document.text.length} characters, more than the limit of ${limits.maxDocumentCharacters}`;
    return { roots: [], faults: [{ kind: "tooLarge", offset: 0, message }] };
  }
  const events = readEvents(document.text, limits.maxNesting);
  return "message" in events ? { roots: [], faults: [events] } : composeNodes(document.text, events, limits);
}

function readEvents(text: string, maxDepth: number): readonly Event[] | TextFault {
  try {
    return parseEvents(text, { maxDepth });
  } catch (error) {
    // The parser reports every fault of a text by throwing.
    const reason = error instanceof YAMLException ? error.reason : String(error);
    const offset = error instanceof YAMLException ? (error.mark?.position ?? 0) : 0;
    if (/depth/i.test(reason)) {
      return { kind: "tooLarge", offset, message: `maps and lists are nested more than ${maxDepth} levels deep` };
    }
    return { kind: "syntax", offset, message: reason };
  }
}

const FAULT_CODES = {
  syntax: "TextNotYaml",
  duplicateKey: "KeyDuplicate",
  tooLarge: "TextTooLarge",
} as const satisfies Record<TextFault["kind"], string>;

function faultProblem(fault: TextFault, place: Pick<Problem, "object"> & Partial<Problem>): Problem {
  return problem(FAULT_CODES[fault.kind], { ...place, message: fault.message });
}

function fileTooLarge({ file, text }: SourceText, limits: ModelLimits): Problem {
  const message = `the file has ${text.length} characters, more than the limit of ${limits.maxFileCharacters}`;
  return problem("TextTooLarge", { file, message });
}

/** `<namespace>/<name>` of an object as far as it can be made out, for problems found before it is checked. */
function nameOf(root: SourceNode | undefined): string {
  const name = root === undefined ? undefined : textAt(root, "name");
  if (root === undefined || name === undefined) return "";
  return `${textAt(root, "namespace") ?? "default"}/${name}`;
}

function textAt(root: SourceNode, key: string): string | undefined {
  const metadata = root.kind === "map" ? root.entries.get("metadata")?.node : undefined;
  const node = metadata?.kind === "map" ? metadata.entries.get(key)?.node : undefined;
  return node?.kind === "scalar" && typeof node.value === "string" ? node.value : undefined;
}
