/** The part of reflect-metadata that the certificate library's own dependency asks for; import it before that library. */
const metadata = new WeakMap<object, Map<unknown, unknown>>();

if (!("getMetadata" in Reflect)) {
  const read = (key: unknown, target: object): unknown => metadata.get(target)?.get(key);
  Object.assign(Reflect, {
    getMetadata: read,
    getOwnMetadata: read,
    defineMetadata: (key: unknown, value: unknown, target: object) => {
      const own = metadata.get(target) ?? new Map<unknown, unknown>();
      metadata.set(target, own.set(key, value));
    },
  });
}
