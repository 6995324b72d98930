/** An image by what it holds; made without a builder (see archive.ts). */
export interface Image {
  /** As pods name it, with its tag. */
  readonly name: string;
  /** Lowest first. */
  readonly layers: readonly Layer[];
  readonly entrypoint: readonly string[];
  readonly arguments?: readonly string[];
  readonly user?: string;
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Files by their path in the image; layers of the same content are stored once. */
export interface Layer {
  readonly name: string;
  readonly entries: readonly Entry[];
}

export type Entry =
  | { readonly kind: "copy"; readonly path: string; readonly from: string; readonly mode?: number }
  | { readonly kind: "text"; readonly path: string; readonly text: string; readonly mode?: number }
  | { readonly kind: "link"; readonly path: string; readonly to: string }
  | { readonly kind: "folder"; readonly path: string; readonly mode: number };
