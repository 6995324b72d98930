/** Remembers what `make` gave for an object, for as long as the object lives. The object must not change. */
export function memoized<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { readonly value: V }>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found.value;
    const value = make(key);
    known.set(key, { value });
    return value;
  };
}

/**
 * The same for lists that differ little from one call to the next: what stands where it stood is not even looked up. Keeps the
 * last list.
 */
export function memoizedList<K extends object, V>(make: (key: K) => V): (keys: readonly K[]) => readonly V[] {
  const one = memoized(make);
  let last: { readonly keys: readonly K[]; readonly values: readonly V[] } = { keys: [], values: [] };
  return (keys) => {
    const values = keys.map((key, index) => (key === last.keys[index] ? (last.values[index] as V) : one(key)));
    last = { keys, values };
    return values;
  };
}
