import { dump } from "js-yaml";

const LINE_WIDTH = 120;

function flow(value: unknown): string {
  return dump(value, { flowLevel: 0, lineWidth: -1, noRefs: true }).trimEnd();
}

function isCollection(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

/** Lines of a value; `room` is what is left of the line for each of them. */
function linesOf(value: unknown, room: number): readonly string[] {
  const short = flow(value);
  if (!isCollection(value) || short.length <= room) return [short];
  return Array.isArray(value) ? linesOfList(value, room) : linesOfMap(value, room);
}

function linesOfList(list: readonly unknown[], room: number): readonly string[] {
  return list.flatMap((one) => linesOf(one, room - 2).map((line, index) => `${index === 0 ? "-" : " "} ${line}`));
}

function linesOfMap(map: object, room: number): readonly string[] {
  return Object.entries(map).flatMap(([key, value]: [string, unknown]) => {
    const name = flow(key);
    if (!isCollection(value) || flow(value).length + name.length + 2 <= room) return [`${name}: ${flow(value)}`];
    const lines = Array.isArray(value) ? linesOfList(value, room - 2) : linesOfMap(value, room - 2);
    return [`${name}:`, ...lines.map((line) => `  ${line}`)];
  });
}

/** YAML in which everything that fits on a line stands on one line; the outermost list or map never does. */
export function compactYaml(value: unknown): string {
  const lines = !isCollection(value)
    ? [flow(value)]
    : Array.isArray(value)
      ? linesOfList(value, LINE_WIDTH)
      : linesOfMap(value, LINE_WIDTH);
  return `${lines.join("\n")}\n`;
}
