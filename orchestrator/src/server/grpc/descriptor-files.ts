import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** One .proto file as clients are told of it. */
export interface DescriptorFile {
  readonly name: string;
  /** Names of the files that it needs. */
  readonly imports: readonly string[];
  /** Full names of what it defines. */
  readonly symbols: readonly string[];
  /** An encoded FileDescriptorProto. */
  readonly bytes: Buffer;
}

/** The files that define some services, and those they import. */
export class DescriptorFiles {
  readonly #byName = new Map<string, DescriptorFile>();
  readonly #bySymbol = new Map<string, DescriptorFile>();

  /** Of `all`, only what `services` need is told. */
  constructor(all: readonly DescriptorFile[], services: readonly string[]) {
    const named = new Map(all.map((file) => [file.name, file]));
    const wanted = all.filter((file) => services.some((service) => file.symbols.includes(service)));
    for (const file of wanted) {
      this.#byName.set(file.name, file);
      for (const name of file.imports) {
        const imported = named.get(name);
        if (imported !== undefined && !wanted.includes(imported)) wanted.push(imported);
      }
    }
    for (const file of wanted) for (const symbol of file.symbols) this.#bySymbol.set(symbol, file);
  }

  withName(name: string): DescriptorFile | undefined {
    return this.#byName.get(name);
  }

  /** The file of a service, a method, a message or an enum; of a field or an enum's value by its message or enum. */
  withSymbol(symbol: string): DescriptorFile | undefined {
    return this.#bySymbol.get(symbol) ?? this.#bySymbol.get(symbol.slice(0, Math.max(0, symbol.lastIndexOf("."))));
  }

  /** A file and all it needs, those imported first. */
  closure(file: DescriptorFile, seen = new Set<DescriptorFile>()): readonly DescriptorFile[] {
    if (seen.has(file)) return [];
    seen.add(file);
    const imported = file.imports.flatMap((name) => {
      const one = this.#byName.get(name);
      return one === undefined ? [] : this.closure(one, seen);
    });
    return [...imported, file];
  }
}

interface BuiltFile {
  readonly name: string;
  readonly imports: readonly string[];
  readonly symbols: readonly string[];
  /** Base64. */
  readonly descriptor: string;
}

let loading: Promise<readonly DescriptorFile[]> | undefined;

/** All files, as the build has made them; read when somebody asks first. */
export function loadDescriptors(): Promise<readonly DescriptorFile[]> {
  return (loading ??= readDescriptors());
}

async function readDescriptors(): Promise<readonly DescriptorFile[]> {
  const path = fileURLToPath(import.meta.resolve("#proto/gen/descriptors.json"));
  const files = JSON.parse(await readFile(path, "utf8")) as readonly BuiltFile[];
  return files.map(({ name, imports, symbols, descriptor }) => ({
    name,
    imports,
    symbols,
    bytes: Buffer.from(descriptor, "base64"),
  }));
}
