/** The most characters of text, and elements of a list, that a message quotes. */
const LONGEST = 60, MOST = 8;

/** Writes a value that a call was given, as an error message quotes it: `"bf16"`, `[1, 1, 0, 0]`, `a Promise`. */
export function shownValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value.length > LONGEST ? `${JSON.stringify(value.slice(0, LONGEST))}…` : JSON.stringify(value);
    case "function":
      return value.name === "" ? "a function" : `function ${value.name.slice(0, LONGEST)}`;
    case "object":
      return value === null ? "null" : Array.isArray(value) ? shownList(value) : shownObject(value);
    case "undefined":
      return "nothing";
    case "bigint":
      return `${value}n`;
    default:
      return String(value);
  }
}

/** Whether a value is a Promise, or anything else that has to be awaited. */
export function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** A noun with its article: `a Device`, `an Arrow table`. */
export function withArticle(noun: string): string {
  return `${/^[aeiou]/i.test(noun) ? "an" : "a"} ${noun}`;
}

function shownList(list: readonly unknown[]): string {
  const elements = list.slice(0, MOST).map((x) => Array.isArray(x) ? "[…]" : shownValue(x));
  return `[${[...elements, ...(list.length > MOST ? ["…"] : [])].join(", ")}]`;
}

function shownObject(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  const made = typeof prototype === "object" && prototype !== null && "constructor" in prototype &&
    typeof prototype.constructor === "function" && prototype.constructor.name;
  if (made && made !== "Object") return withArticle(made.slice(0, LONGEST));
  const keys = Object.keys(value);
  if (keys.length === 0) return "an object without fields";
  return `an object with ${[...keys.slice(0, MOST), ...(keys.length > MOST ? ["…"] : [])].join(", ")}`;
}
