import type { ProgrammedCount } from "../../../deliver/programmed/programmed.ts";
import type { XdsEvent } from "../../../deliver/xds-server/events.ts";
import type { Clock } from "../../../kubernetes-api/clock.ts";
import { problem, type Problem } from "../../../problem/problem.ts";
import { oldProxyProblems } from "../cluster-problems.ts";
import { createGatewayAcceptance } from "./acceptance.ts";
import type { RenderedGateway } from "./render-gateway.ts";

export interface GatewayReportsOptions {
  readonly clock: Clock;
  /** Called with the keys of deployments of which there is something else to say; at most once a `tellMs`. */
  readonly onChange: (keys: readonly string[]) => void;
  /** Default 1000. */
  readonly tellMs?: number;
}

/** What users of a deployment should know of the gateways: who has taken it in, and what is wrong. */
export interface GatewayReports {
  /** This is what gateways are to have from now on, and what could not be rendered. */
  rendered(rendered: RenderedGateway["wanted"], problems: readonly Problem[]): void;
  /** A table was given its number: `version` is what was wanted as `fingerprint`. */
  tableNumbered(version: string, fingerprint: string): void;
  onEvent(event: XdsEvent): void;
  programmed(key: string): ProgrammedCount | undefined;
  problemsOf(key: string): readonly Problem[];
  stop(): void;
}

/** Tables of which an answer may still come. */
const REMEMBERED_TABLES = 100;

export function createGatewayReports({ clock, onChange, tellMs = 1000 }: GatewayReportsOptions): GatewayReports {
  const pending = new Set<string>();
  const fingerprints = new Map<string, string>();
  let found: ReadonlyMap<string, readonly Problem[]> = new Map();
  let cancelTelling: (() => void) | undefined;

  function note(keys: readonly string[]): void {
    if (keys.length === 0) return;
    for (const key of keys) pending.add(key);
    cancelTelling ??= clock.after(tellMs, () => {
      cancelTelling = undefined;
      const told = [...pending];
      pending.clear();
      onChange(told);
    });
  }

  const acceptance = createGatewayAcceptance({
    onProgress: note,
    wantedAs: (version) => fingerprints.get(version) ?? version,
  });

  return {
    rendered(wanted, problems) {
      const before = found;
      found = byDeployment(problems);
      const keys = new Set([...before.keys(), ...found.keys()]);
      note([...keys].filter((key) => textOf(before.get(key)) !== textOf(found.get(key))));
      acceptance.wants(wanted);
    },
    tableNumbered(version, fingerprint) {
      fingerprints.set(version, fingerprint);
      const [oldest] = fingerprints.keys();
      if (fingerprints.size > REMEMBERED_TABLES && oldest !== undefined) fingerprints.delete(oldest);
    },
    onEvent: (event) => {
      acceptance.onEvent(event);
    },
    programmed: (key) => acceptance.count(key),
    problemsOf: (key) => [
      ...(found.get(key) ?? []),
      ...oldProxyProblems(key, acceptance.tooOld(key)),
      ...acceptance
        .refusals(key)
        .map((message) => problem("ConfigRefused", { object: key, message: `a gateway refused it: ${message}` })),
    ],
    stop() {
      cancelTelling?.();
    },
  };
}

/** Envoy's own weighted routes serve what stands in no table: nothing has failed. */
function byDeployment(problems: readonly Problem[]): ReadonlyMap<string, readonly Problem[]> {
  return Map.groupBy(
    problems.map((one) => ({ ...one, severity: "warning" as const })),
    (one) => one.object,
  );
}

function textOf(problems: readonly Problem[] = []): string {
  return problems.map(({ code, message }) => `${code} ${message}`).join("\n");
}
