/** How the value of a setting is written. */
export type SettingKind = "text" | "number" | "duration" | "seconds" | "boolean" | "choice" | "quantity" | "port";

/** One setting: how its value is written, what it is when nobody gives it, and what it means. */
export interface SettingSpec {
  readonly kind: SettingKind;
  readonly initial: string;
  readonly help: string;
  /** What a `choice` may be; the empty text stands for none of them. */
  readonly choices?: readonly string[];
  /** Present: it is known and has no effect; why. */
  readonly ignored?: string;
}

/** A table of settings by name. */
export type SettingTable = Readonly<Record<string, SettingSpec>>;

export function setting(kind: SettingKind, initial: string, help: string): SettingSpec {
  return { kind, initial, help };
}

export function choice(choices: readonly string[], initial: string, help: string): SettingSpec {
  return { kind: "choice", initial, help, choices };
}

/** A setting of Seldon's that means nothing here. */
export function ignored(kind: SettingKind, initial: string, why: string): SettingSpec {
  return { kind, initial, help: `no effect: ${why}`, ignored: why };
}
