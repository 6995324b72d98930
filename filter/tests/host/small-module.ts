// Small modules, written as bytes: some with a fault that Envoy would refuse or crash on, one that does nothing.
const HEAD = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const I32 = 0x7f;

function text(of: string): readonly number[] {
  return [of.length, ...Buffer.from(of)];
}

function section(id: number, items: readonly (readonly number[])[]): readonly number[] {
  const body = [items.length, ...items.flat()];
  return [id, body.length, ...body];
}

/** What a module is made of, beyond callbacks of the right types. */
export interface Parts {
  readonly imports?: readonly (readonly [module: string, name: string, type: number])[];
  /** Body of `_initialize`. */
  readonly initialize?: readonly number[];
  /** Body of `proxy_on_configure`; default: refuses. */
  readonly configure?: readonly number[];
  /** Body of `proxy_on_request_headers`; default: a trap. */
  readonly request?: readonly number[];
  readonly leaveOut?: string;
  readonly hasStart?: boolean;
  readonly wrongType?: boolean;
}

const TYPES = [
  [0x60, 0, 0],
  [0x60, 1, I32, 1, I32],
  [0x60, 2, I32, I32, 1, I32],
  [0x60, 3, I32, I32, I32, 1, I32],
];

/** A module with the exports of a filter. */
export function moduleOf(parts: Parts): Uint8Array<ArrayBuffer> {
  const imports = parts.imports ?? [];
  const zero = [0x41, 0];
  const functions: readonly (readonly [name: string, type: number, body: readonly number[]])[] = [
    ["_initialize", 0, parts.initialize ?? []],
    ["proxy_abi_version_0_2_1", 0, []],
    ["proxy_on_memory_allocate", 1, zero],
    ["proxy_on_configure", parts.wrongType === true ? 1 : 2, parts.configure ?? zero],
    ["proxy_on_request_headers", 3, parts.request ?? [0]],
  ];
  const kept = functions.map(([name], index) => [...text(name), 0, imports.length + index] as const);
  const exported = kept.filter((_, index) => functions[index]?.[0] !== parts.leaveOut);
  return new Uint8Array([
    ...HEAD,
    ...section(1, TYPES),
    ...section(
      2,
      imports.map(([module, name, type]) => [...text(module), ...text(name), 0, type]),
    ),
    ...section(
      3,
      functions.map(([, type]) => [type]),
    ),
    ...section(5, [[0, 1]]),
    ...section(7, [[...text("memory"), 2, 0], ...exported]),
    ...(parts.hasStart === true ? [8, 1, imports.length] : []),
    ...section(
      10,
      functions.map(([, , body]) => [body.length + 2, 0, ...body, 0x0b]),
    ),
  ]);
}

/** A filter that takes any table and lets every request pass. */
export function inertModule(): Uint8Array<ArrayBuffer> {
  return moduleOf({ configure: [0x41, 1], request: [0x41, 0] });
}
