import type { EncodedResource, JsonObject, XdsResource } from "./resource.ts";

/** A resource whose body is made when somebody reads it, and not kept; what it was encoded to is kept with it. */
export class LazyResource implements XdsResource {
  readonly typeUrl: string;
  readonly name: string;
  /** Once it was encoded. */
  encoded: EncodedResource | undefined;
  readonly #render: () => JsonObject;

  constructor(typeUrl: string, name: string, render: () => JsonObject) {
    this.typeUrl = typeUrl;
    this.name = name;
    this.encoded = undefined;
    this.#render = render;
  }

  /** Always the same. */
  get body(): JsonObject {
    return this.#render();
  }
}
