/** Looks up an object's own field; undefined where it has none. Names from programs may be `toString`. */
export function ownValue<T>(x: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(x, name) ? x[name] : undefined;
}
