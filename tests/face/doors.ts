/** Finds every public function, constructor and method of the face, so that a test can call each with wrong values. */

/** A public call: its name as users write it, and the least number of its arguments. */
export interface Door {
  readonly name: string;
  /** Arguments that it can't be called without. */
  readonly required: number;
  readonly call: (args: readonly unknown[]) => unknown;
}

type Callable = (...args: readonly unknown[]) => unknown;
type Class = new (...args: readonly unknown[]) => object;
type Fields = Readonly<Record<string, unknown>>;

/** Finds the functions in a namespace, and in its lists and objects; of a class its constructor and static methods. */
export function doorsOf(prefix: string, value: unknown): readonly Door[] {
  if (isClass(value)) {
    // Errors take any message, and are made to be thrown.
    if (value.prototype instanceof Error) return [];
    const made = { name: `new ${prefix}`, required: value.length, call: construct(value) };
    return [made, ...methodsIn(prefix, value, Object.getOwnPropertyNames(value))];
  }
  if (typeof value === "function") {
    const own = value as Callable;
    return [{ name: prefix, required: own.length, call: (args) => own(...args) }];
  }
  if (typeof value !== "object" || value === null) return [];
  // Elements of a list are found by their place, so that a new rule or pass is found too.
  return Object.entries(value).flatMap(([key, v]) =>
    doorsOf(Array.isArray(value) ? `${prefix}[${key}]` : prefix === "" ? key : `${prefix}.${key}`, v)
  );
}

/** Finds the methods of an object that `make` makes for each call, its own and those of its classes. */
export function methodsOf(name: string, make: () => object): readonly Door[] {
  const made = make(), names: string[] = [];
  for (let at = made; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    names.push(...Object.getOwnPropertyNames(at));
  }
  return methodsIn(name, make, [...new Set(names)]);
}

function methodsIn(name: string, of: Class | (() => object), names: readonly string[]): readonly Door[] {
  const make = (): Fields => (isClass(of) ? of : of()) as unknown as Fields;
  const first = make();
  return names.flatMap((method): readonly Door[] => {
    if (["constructor", "prototype", "length", "name", "toString", "toJSON"].includes(method)) return [];
    const own = first[method];
    if (typeof own !== "function") return [];
    const call = (args: readonly unknown[]) => {
      const object = make();
      return (object[method] as Callable).call(object, ...args);
    };
    return [{ name: `${name}.${method}`, required: own.length, call }];
  });
}

function construct(made: Class): Door["call"] {
  return (args) => new made(...args);
}

function isClass(value: unknown): value is Class {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}
