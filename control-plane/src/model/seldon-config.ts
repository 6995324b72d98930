import { problem, type Checked, type Problem } from "../problem/problem.ts";
import type { PredictorServer, PredictorServers, ServerImage } from "./defaults/predictor-servers.ts";
import type { FieldPath, SourceObject } from "./model.ts";
import { parseText } from "./parse/parse.ts";
import { formatPath } from "./path.ts";
import { DEFAULT_MODEL_SETTINGS } from "./settings.ts";

/** The ConfigMap of Seldon's operator: keys with JSON as text. */
export const SELDON_CONFIG = "seldon-config";

/** What the ConfigMap says; what it does not say has its default. */
export interface SeldonConfig {
  readonly predictorServers?: PredictorServers;
  readonly storageInitializer?: StorageInitializerConfig;
  readonly explainer?: { readonly image?: string; readonly imageV2?: string };
  readonly credentials?: CredentialConfig;
}

/** Image and quantities of the init container that downloads models. */
export interface StorageInitializerConfig {
  readonly image?: string;
  readonly cpuRequest?: string;
  readonly cpuLimit?: string;
  readonly memoryRequest?: string;
  readonly memoryLimit?: string;
}

/** Entries by which Secrets for S3 and GCS are told, and where S3 is. */
export interface CredentialConfig {
  readonly s3AccessKeyId?: string;
  readonly s3SecretAccessKey?: string;
  readonly s3Endpoint?: string;
  readonly s3UseHttps?: string;
  readonly gcsFile?: string;
}

/** One key of the ConfigMap, parsed, and what is found wrong with it. */
interface Entry {
  readonly value: unknown;
  readonly refuse: (path: FieldPath, message: string) => void;
}

type JsonMap = Readonly<Record<string, unknown>>;

function asMap({ refuse }: Entry, value: unknown, path: FieldPath): JsonMap {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonMap;
  if (value !== undefined) refuse(path, "must be an object");
  return {};
}

/** The texts of an object under new names. What is absent or null is left out; a number counts as its digits. */
function readTexts<Name extends string>(
  entry: Entry,
  value: unknown,
  path: FieldPath,
  names: Readonly<Record<string, Name>>,
): Readonly<Partial<Record<Name, string>>> {
  const map = asMap(entry, value, path);
  const texts: Partial<Record<Name, string>> = {};
  for (const [key, name] of Object.entries(names)) {
    const found = Object.hasOwn(map, key) ? (map[key] ?? undefined) : undefined;
    if (typeof found === "string" || typeof found === "number") texts[name] = String(found);
    else if (found !== undefined) entry.refuse([...path, key], "must be text");
  }
  return texts;
}

function readServerImage(entry: Entry, value: unknown, path: FieldPath): ServerImage | undefined {
  const names = { image: "image", defaultImageVersion: "defaultImageVersion" } as const;
  const { image = "", defaultImageVersion = "" } = readTexts(entry, value, path, names);
  if (image !== "") return { image, defaultImageVersion };
  entry.refuse(path, "has no image");
  return undefined;
}

function readServer(entry: Entry, value: unknown, path: FieldPath): PredictorServer {
  const inner = [...path, "protocols"];
  const { protocols } = asMap(entry, value, path);
  const images = Object.entries(asMap(entry, protocols ?? undefined, inner)).map(
    ([protocol, image]) => [protocol, readServerImage(entry, image, [...inner, protocol])] as const,
  );
  return { protocols: Object.fromEntries(images.filter(([, image]) => image !== undefined)) };
}

function readServers(entry: Entry): Pick<SeldonConfig, "predictorServers"> {
  const servers = Object.entries(asMap(entry, entry.value, []));
  const read = servers.map(([name, server]) => [name, readServer(entry, server, [name])] as const);
  return { predictorServers: Object.fromEntries(read) };
}

function readStorageInitializer(entry: Entry): Pick<SeldonConfig, "storageInitializer"> {
  const names = ["image", "cpuRequest", "cpuLimit", "memoryRequest", "memoryLimit"] as const;
  const table = Object.fromEntries(names.map((name) => [name, name])) as Readonly<
    Record<string, (typeof names)[number]>
  >;
  return { storageInitializer: readTexts(entry, entry.value, [], table) };
}

function readExplainer(entry: Entry): Pick<SeldonConfig, "explainer"> {
  return { explainer: readTexts(entry, entry.value, [], { image: "image", image_v2: "imageV2" } as const) };
}

const S3_KEYS = {
  s3AccessKeyIDName: "s3AccessKeyId",
  s3SecretAccessKeyName: "s3SecretAccessKey",
  s3Endpoint: "s3Endpoint",
  s3UseHttps: "s3UseHttps",
} as const;

function readCredentials(entry: Entry): Pick<SeldonConfig, "credentials"> {
  const { s3, gcs } = asMap(entry, entry.value, []);
  const gcsKeys = { gcsCredentialFileName: "gcsFile" } as const;
  return {
    credentials: {
      ...readTexts(entry, s3 ?? undefined, ["s3"], S3_KEYS),
      ...readTexts(entry, gcs ?? undefined, ["gcs"], gcsKeys),
    },
  };
}

const READERS: Readonly<Record<string, (entry: Entry) => SeldonConfig>> = {
  predictor_servers: readServers,
  storageInitializer: readStorageInitializer,
  explainer: readExplainer,
  credentials: readCredentials,
};

const FIELDS = {
  predictor_servers: "predictorServers",
  storageInitializer: "storageInitializer",
  explainer: "explainer",
  credentials: "credentials",
} as const satisfies Record<keyof typeof READERS, keyof SeldonConfig>;

function invalid(key: string, message: string, details: Pick<Problem, "position">): Problem {
  return problem("SeldonConfigInvalid", { object: SELDON_CONFIG, path: `data.${key}`, message, ...details });
}

/** Parses one key; problems say the line and column in its text. */
function parseEntry(key: string, text: string): Checked<SourceObject | undefined> {
  const { value, problems } = parseText({ file: key, text }, DEFAULT_MODEL_SETTINGS.limits);
  const found = problems.map(({ message, position }) =>
    invalid(key, message, position === undefined ? {} : { position }),
  );
  const [object, ...others] = value;
  if (found.length === 0 && others.length > 0) found.push(invalid(key, "more than one JSON value", {}));
  return { value: found.length === 0 ? object : undefined, problems: found };
}

function readEntry(key: keyof typeof FIELDS, text: string): Checked<SeldonConfig | undefined> {
  const parsed = parseEntry(key, text);
  if (parsed.value === undefined) return { value: undefined, problems: parsed.problems };
  const { value, locate } = parsed.value;
  const problems: Problem[] = [];
  const refuse = (path: FieldPath, message: string): void => {
    const position = locate?.(path);
    const field = path.length === 0 ? "the value" : formatPath(path);
    problems.push(invalid(key, `${field} ${message}`, position === undefined ? {} : { position }));
  };
  const read = READERS[key]?.({ value, refuse });
  return { value: problems.length === 0 ? read : undefined, problems };
}

/**
 * Reads the data of the ConfigMap. A key that cannot be read is a problem and keeps what it said `before`; one that is
 * absent has its default. Other keys are none of ours.
 */
export function readSeldonConfig(
  data: Readonly<Record<string, string>>,
  before: SeldonConfig = {},
): Checked<SeldonConfig> {
  const problems: Problem[] = [];
  let value: SeldonConfig = {};
  for (const [key, field] of Object.entries(FIELDS) as [keyof typeof FIELDS, keyof SeldonConfig][]) {
    const text = Object.hasOwn(data, key) ? (data[key] ?? "") : "";
    if (text.trim() === "") continue;
    const read = readEntry(key, text);
    problems.push(...read.problems);
    const kept = before[field] === undefined ? {} : { [field]: before[field] };
    value = { ...value, ...(read.value ?? kept) };
  }
  return { value, problems };
}
