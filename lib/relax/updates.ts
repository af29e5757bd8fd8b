/** What calls update in place: the value before it is gone, and lies where the value after it lies. */
import { inputsOf, isInPlace, outputsOf } from "../ir/parameters.ts";
import { OPERATORS } from "./operators.ts";
import { type Binding, type GraphData, Slot, type Value } from "./value.ts";

/** A value that a call updates in place. */
export interface Updated {
  /** The value before the call. Nothing may use it after the call. */
  readonly before: Value;
  /** The result that takes its place. */
  readonly after: Value;
}

/** Lists what a call updates in place. */
export function updatesOf({ call, results }: Binding): readonly Updated[] {
  if (call.kind === "op") {
    const row = OPERATORS[call.op];
    const slot = "updates" in row ? call.form[row.updates] : undefined;
    if (!(slot instanceof Slot)) return [];
    return [{ before: call.args[slot.index] as Value, after: results[0] as Value }];
  }
  const { func, args } = call;
  if (func.inPlace.length === 0) return [];
  const inputs = inputsOf(func), outputs = outputsOf(func);
  return outputs.flatMap((b, k) =>
    isInPlace(func, b) ? [{ before: args[inputs.indexOf(b)] as Value, after: results[k] as Value }] : []
  );
}

/** The values that calls of a graph update in place, as they are before. */
export function updatedValues(g: GraphData): ReadonlySet<Value> {
  return new Set(g.bindings.flatMap(updatesOf).map((u) => u.before));
}

/** For each value that an update made, the value that it was at first: an input, or the result of another call. */
export function firstValues(g: GraphData): ReadonlyMap<Value, Value> {
  const first = new Map<Value, Value>();
  for (const { before, after } of g.bindings.flatMap(updatesOf)) {
    first.set(after, first.get(before) ?? before);
  }
  return first;
}

/** The inputs that a run of the graph updates in place, each with its last value. */
export function updatedInputs(g: GraphData): ReadonlyMap<Value, Value> {
  const last = new Map<Value, Value>();
  for (const [after, first] of firstValues(g)) if (first.origin.kind === "input") last.set(first, after);
  return last;
}
