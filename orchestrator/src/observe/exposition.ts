import type { Family } from "./families.ts";

/** One sample: the values of the family's labels in their order, and its own. */
export type Sample = readonly [labels: readonly string[], value: number];

/** Prometheus text (version 0.0.4) of one counter or gauge; nothing without a sample. */
export function renderFamily(family: Family, samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  let text = headOf(family);
  for (const [values, value] of samples) {
    const labels = labelText(family.labels, values);
    text += `${family.name}${labels === "" ? "" : `{${labels}}`} ${formatValue(value)}\n`;
  }
  return text;
}

/** The lines that say what a family is. */
export function headOf({ name, help, type }: Family): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

/** `name="value",…` */
export function labelText(names: readonly string[], values: readonly string[]): string {
  return names.map((name, i) => `${name}="${escaped(values[i] ?? "")}"`).join(",");
}

export function formatValue(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
