/** The inputs that candidates are checked on, and what their results must be. */
import { TunebookError } from "../base/error.ts";
import { ownValue } from "../base/own_value.ts";
import type { PrimFunc } from "../ir/func.ts";
import { inputsOf } from "../ir/parameters.ts";
import type { Shapes } from "../runtime/arguments.ts";
import type { TypedArray } from "../runtime/arrays.ts";
import type { Allowed } from "./check.ts";
import { drawInputs, type GivenInputs, isRange } from "./random_inputs.ts";

/** What an output must be, and how far from it a right result may be. */
export interface Expected {
  /** The elements, row-major. */
  readonly values: ArrayLike<number>;
  /** The bound of each element's error, or the float type whose tolerance all have. */
  readonly bounds: Allowed;
}

/** Every input, by name. */
export type Inputs = Readonly<Record<string, TypedArray>>;

/** Gives the outputs of a program, by name, for inputs. */
export type Reference = (inputs: Inputs) => Readonly<Record<string, Expected>>;

/** Inputs, and the outputs that the program has for them. */
export interface InputSet {
  /** Words in front of what is wrong with a result: none for the first set. */
  readonly says: string;
  /** Every input, by name. */
  readonly inputs: Inputs;
  /** Every output, by name. */
  readonly outputs: Readonly<Record<string, Expected>>;
}

/**
 * Makes the two sets of inputs for a program: a plain one, which is timed too, and one over the whole range of each
 * dtype. Given arrays are in both; where all inputs are given there is one set. `reference` gives their outputs.
 *
 * @throws {TunebookError} if no result could tell a right candidate from one that does nothing: an output is NaN
 * throughout, or it is the same number throughout both sets although inputs are random
 * @throws {IrError} for a range that has no value of its parameter's dtype
 */
export function inputSets(
  func: PrimFunc,
  shapes: Shapes,
  seed: number,
  given: GivenInputs,
  reference: Reference,
): readonly [InputSet, ...InputSet[]] {
  const isArray = (name: string) => {
    const input = ownValue(given, name);
    return input !== undefined && !isRange(input);
  };
  const set = (wide: boolean): InputSet => {
    const inputs = drawInputs(func, seed, shapes, given, wide);
    return {
      says: wide ? "with inputs over their whole range, " : "",
      inputs,
      outputs: reference(inputs),
    };
  };
  const plain = set(false);
  for (const [name, { values }] of Object.entries(plain.outputs)) {
    if (!Array.prototype.every.call(values, Number.isNaN)) continue;
    throw new TunebookError(
      `cannot check candidates for ${func.name}: for inputs in [-1, 1) every element of ${name} is NaN, as it ` +
        `is where nothing was written; bring the inputs into the program's domain, as with abs`,
    );
  }
  if (inputsOf(func).every((b) => isArray(b.name))) return [plain];
  const sets: readonly [InputSet, InputSet] = [plain, set(true)];
  if (!Object.keys(given).some(isArray)) checkVaries(func, sets);
  return sets;
}

/** An output that is one number, whatever the inputs are, shows no fault. */
function checkVaries(func: PrimFunc, sets: readonly InputSet[]): void {
  for (const name of Object.keys(sets[0]?.outputs ?? {})) {
    const all = sets.map((s) => (s.outputs[name] as Expected).values);
    const first = all[0]?.[0];
    if (!all.every((values) => Array.prototype.every.call(values, (x) => x === first))) continue;
    throw new TunebookError(
      `expected an output that depends on its inputs, got ${first} in every element of ${name}, checking candidates ` +
        `for ${func.name} with random inputs; give inputs, or ranges, with which it varies: ` +
        `inputs: { ${inputsOf(func)[0]?.name ?? "A"}: { from: 0, below: 100 } }`,
    );
  }
}
