import { OWN_FLAGS, SELDON_FLAGS } from "../settings/flag-table.ts";
import type { SettingTable } from "../settings/setting-spec.ts";
import { VARIABLES } from "../settings/variable-table.ts";

const HEAD = `# Settings of the control plane

Generated from the code's own tables by \`node control-plane/src/app/cluster/scripts/write-docs.ts\`.

\`control-plane/bin/control-plane.mjs\` takes the place of Seldon's operator: the same flags and environment variables. Flags are
written as Go's flag package reads them: \`--name value\`, \`--name=value\` or with one dash, \`--name\` alone for true. Durations are
\`15s\` or \`1m30s\`. An empty variable counts as not set, unless an empty text means something. A value that can't be is said on
standard error with the name of its setting, and the process ends with 2. What is known and has no effect is a warning in the log.
How the parts work together is in [control-plane.md](control-plane.md).`;

/** docs/control-plane-settings.md. */
export function renderSettingsPage(): string {
  return [
    HEAD,
    "## Flags of Seldon's operator",
    settingTable(SELDON_FLAGS, "--"),
    "## Flags of our own",
    settingTable(OWN_FLAGS, "--"),
    "## Environment",
    settingTable(VARIABLES, ""),
  ].join("\n\n");
}

function settingTable(settings: SettingTable, prefix: string): string {
  const rows = Object.entries(settings).map(([name, { kind, initial, help }]) => [
    code(`${prefix}${name}`),
    kind,
    initial === "" ? "" : code(initial),
    withFlagsAsCode(help),
  ]);
  return table([prefix === "" ? "Variable" : "Flag", "Value", "Default", "Meaning"], rows);
}

/** Flags outside of backticks get some. */
function withFlagsAsCode(help: string): string {
  return help.replaceAll(/`[^`]*`|--[\w-]+/g, (found) => (found.startsWith("`") ? found : code(found)));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}
