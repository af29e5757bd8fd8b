/** Arguments of operators as plain data, with slots for the values in them. */
import { shownValue } from "../base/shown_value.ts";
import { isExpr } from "../ir/kinds.ts";
import { RelaxError } from "./error.ts";
import { Extent, type Form, isOptions, Slot, Value } from "./value.ts";

/** Writes an operator's argument as plain data, with slots for the values in it, which are added to `values`. */
export function formOf(x: unknown, values: Value[]): Form {
  if (x instanceof Value) {
    const at = values.indexOf(x);
    return new Slot(at < 0 ? values.push(x) - 1 : at);
  }
  if (x === null || ["undefined", "boolean", "number", "string"].includes(typeof x)) return x as Form;
  if (Array.isArray(x)) return x.map((y) => formOf(y, values));
  if (isExpr(x)) return new Extent(x);
  if (typeof x === "object" && Object.getPrototypeOf(x) === Object.prototype) {
    return Object.fromEntries(Object.entries(x).map(([name, y]) => [name, formOf(y, values)]));
  }
  throw new RelaxError(
    `expected values of the graph, numbers, text, lists and options, got ${shownValue(x)}`,
  );
}

/** Options that name results: `name`, `sumName`, `qName`. */
const NAMES = /^(name|\w+Name)$/;

/** The names that an operator's options give its results. */
export function namesIn(form: readonly Form[]): readonly Form[] {
  return form.filter(isOptions).flatMap((f) =>
    Object.entries(f).flatMap(([name, x]) => NAMES.test(name) ? [x] : [])
  );
}

/** The results' names are no part of what is computed, and neither are options without a value. */
export function withoutNames(form: readonly Form[]): readonly Form[] {
  const bare = form.map((f): Form => {
    if (!isOptions(f)) return f;
    const options = Object.entries(f).filter(([name, x]) => !NAMES.test(name) && x !== undefined);
    return options.length > 0 ? Object.fromEntries(options) : undefined;
  });
  return bare.slice(0, bare.findLastIndex((f) => f !== undefined) + 1);
}

/** Writes data with slots as an operator's arguments, as `operate` takes them: with the values in their slots. */
export function argumentOf(f: Form, args: readonly Value[]): unknown {
  if (f instanceof Slot) return args[f.index];
  if (f instanceof Extent) return f.expr;
  if (isOptions(f)) {
    return Object.fromEntries(Object.entries(f).map(([name, x]) => [name, argumentOf(x, args)]));
  }
  return Array.isArray(f) ? f.map((x: Form) => argumentOf(x, args)) : f;
}

/** An argument of an operator as passes write it: plain data, with values in it. */
export type Argument =
  | undefined
  | null
  | boolean
  | number
  | string
  | Value
  | Extent["expr"]
  | readonly Argument[]
  | { readonly [option: string]: Argument };
