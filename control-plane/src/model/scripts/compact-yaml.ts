const WIDTH = 110;
const PLAIN = /^[A-Za-z][A-Za-z0-9_./-]*$/;
/** Words that YAML 1.1 readers take for something else than text. */
const WORDS = new Set(["true", "false", "null", "yes", "no", "on", "off", "y", "n"]);

/**
 * JSON data as YAML: what fits on a line stands on one line, everything else in blocks. A deep schema is a third as
 * long this way.
 */
export function renderCompactYaml(value: unknown): string {
  return `${block(value, 0).join("\n")}\n`;
}

function block(value: unknown, indent: number): readonly string[] {
  if (Array.isArray(value) && value.length > 0) return value.flatMap((one: unknown) => item(one, indent));
  if (!isMap(value) || Object.keys(value).length === 0) return [`${" ".repeat(indent)}${flow(value)}`];
  return Object.entries(value).flatMap(([key, one]) => {
    const head = `${" ".repeat(indent)}${scalar(key)}:`;
    const line = `${head} ${flow(one)}`;
    return !isNested(one) || line.length <= WIDTH ? [line] : [head, ...block(one, indent + 2)];
  });
}

function item(value: unknown, indent: number): readonly string[] {
  const line = `${" ".repeat(indent)}- ${flow(value)}`;
  if (!isNested(value) || line.length <= WIDTH) return [line];
  const [first = "", ...rest] = block(value, indent + 2);
  return [`${" ".repeat(indent)}- ${first.trimStart()}`, ...rest];
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (!isMap(value)) return typeof value === "string" ? scalar(value) : JSON.stringify(value);
  const fields = Object.entries(value).map(([key, one]) => `${scalar(key)}: ${flow(one)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

function scalar(text: string): string {
  return PLAIN.test(text) && !WORDS.has(text.toLowerCase()) ? text : JSON.stringify(text);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNested(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
