/** Leaves out the properties of an object whose value is undefined: what is left is given. */
export function defined<T extends object>(
  options: { readonly [K in keyof T]: T[K] | undefined },
): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
