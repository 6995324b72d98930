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
  let isTemplate = false;
  for (const document of splitDocuments(text)) {
    const { roots, faults } = joinTemplateFaults(document.text, readDocument(document, limits));
    // A faulty document is not judged further: half of it may be missing. A key that stands twice is no such fault.
    if (faults.every(({ kind }) => kind === "duplicateKey")) {
      for (const root of roots) {
        const locate = (path: readonly (string | number)[]) => positionAt(document.offset + findOffset(root, path));
        objects.push({ value: plainValue(root), file, locate });
      }
    }
    for (const fault of faults) {
      // The other documents of a template are templates too: said once.
      if (fault.kind === "template" && isTemplate) continue;
      isTemplate ||= fault.kind === "template";
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

const TEMPLATE_MARK = /\{\{|\{%/;

/** A template cannot be read before it is rendered: one fault says so instead of many about its braces. */
function joinTemplateFaults(text: string, composed: Composed): Composed {
  const first = composed.faults.find(
    ({ kind, offset }) => kind === "syntax" && TEMPLATE_MARK.test(linesAround(text, offset)),
  );
  if (first === undefined) return composed;
  const message = "this is a template, not YAML or JSON: it holds {{ … }} or {% … %} that must be filled in first";
  const hint = "render it (helm template, jinja) and check what comes out";
  return { roots: composed.roots, faults: [{ kind: "template", offset: first.offset, message, hint }] };
}

/** The line at an offset and the one before it. */
function linesAround(text: string, offset: number): string {
  const start = text.lastIndexOf("\n", offset - 1);
  const before = start <= 0 ? 0 : text.lastIndexOf("\n", start - 1) + 1;
  const end = text.indexOf("\n", offset);
  return text.slice(before, end < 0 ? text.length : end);
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
    const hint = /null byte|non-printable/.test(reason) ? { hint: "save the file as UTF-8 text" } : {};
    return { kind: "syntax", offset, message: `this is not YAML or JSON: ${reason}`, ...hint };
  }
}

const FAULT_CODES = {
  syntax: "TextNotYaml",
  template: "TextNotYaml",
  duplicateKey: "KeyDuplicate",
  tooLarge: "TextTooLarge",
} as const satisfies Record<TextFault["kind"], string>;

function faultProblem(fault: TextFault, place: Pick<Problem, "object"> & Partial<Problem>): Problem {
  const hint = fault.hint === undefined ? {} : { hint: fault.hint };
  return problem(FAULT_CODES[fault.kind], { ...place, message: fault.message, ...hint });
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
