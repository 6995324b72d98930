type Labels = Readonly<Record<string, string>>;
type Requirement = (labels: Labels) => boolean;

const SET_BASED = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/;

/**
 * Reads a label selector in the text form of list and watch (`a=b,c!=d,e in (f,g),h,!i`).
 * @throws TypeError for what is none
 */
export function parseLabelSelector(selector: string): (labels: Labels | undefined) => boolean {
  const requirements = splitRequirements(selector).map(readRequirement);
  return (labels = {}) => requirements.every((holds) => holds(labels));
}

/** At commas outside of parentheses. */
function splitRequirements(selector: string): readonly string[] {
  return selector
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function readRequirement(text: string): Requirement {
  const set = SET_BASED.exec(text);
  if (set !== null) return inSet(set[1] ?? "", set[2] === "in", set[3] ?? "");
  if (text.includes("!=")) return equality(text, "!=", false);
  if (text.includes("==")) return equality(text, "==", true);
  if (text.includes("=")) return equality(text, "=", true);
  if (/[\s()]/.test(text)) throw new TypeError(`not a label selector: ${text}`);
  if (text.startsWith("!")) return (labels) => !Object.hasOwn(labels, text.slice(1));
  return (labels) => Object.hasOwn(labels, text);
}

function inSet(key: string, wanted: boolean, values: string): Requirement {
  const set = new Set(values.split(",").map((value) => value.trim()));
  return (labels) => (Object.hasOwn(labels, key) && set.has(labels[key] ?? "")) === wanted;
}

function equality(text: string, operator: string, wanted: boolean): Requirement {
  const at = text.indexOf(operator);
  const key = text.slice(0, at).trim();
  const value = text.slice(at + operator.length).trim();
  return (labels) => (Object.hasOwn(labels, key) && labels[key] === value) === wanted;
}
