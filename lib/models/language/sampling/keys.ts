/** What the next tokens are the largest of, as values of a graph. */
import type { PrimFunc } from "../../../ir/func.ts";
import type { BlockBuilder } from "../../../relax/builder.ts";
import type { Value } from "../../../relax/value.ts";
import { type Choice, COLUMNS, PER_WORD } from "./choice.ts";
import {
  boundProgram,
  columnProgram,
  DEEPEST,
  keysProgram,
  type LogitsShape,
  scoresProgram,
  wantedProgram,
} from "./choice_programs.ts";

/** Halvings of the search for a bound: 20 leave 3e-5 between it and the least logit that is chosen. */
const STEPS = 20;

/** Where a choice happens. */
export interface ChoicePlace {
  readonly shape: LogitsShape;
  /** The logits f32[rows, vocabulary]. */
  readonly logits: Value;
  /** The state of the sequences. Random numbers follow from the positions in it. */
  readonly state: Value;
  /** How often tokens were there, i32[rows, vocabulary], where there are penalties. */
  readonly counts?: Value | undefined;
}

/**
 * Gives the keys f32[rows, vocabulary] of a choice: the next tokens have the largest. It adds the inputs that the choice needs to
 * the graph: parameters f32[rows, 8], seeds u32[rows], mask u32[rows, vocabulary/32], bias f32[rows, vocabulary].
 */
export function keysOf(b: BlockBuilder, choice: Choice, place: ChoicePlace): Value {
  const { shape, logits, state, counts } = place, { rows, vocabulary } = shape;
  if (!choice.random && !choice.mask && !choice.bias && !choice.penalties) return logits;
  const parameters = b.input("parameters", [rows, COLUMNS.length], "f32");
  const call = (func: PrimFunc, ...args: readonly Value[]) => b.call(func, ...args)[0] as Value;
  const scores = call(
    scoresProgram(choice, shape),
    logits,
    parameters,
    ...(choice.mask ? [b.input("mask", [rows, Math.ceil(vocabulary / PER_WORD)], "u32")] : []),
    ...(choice.bias ? [b.input("bias", [rows, vocabulary], "f32")] : []),
    ...(choice.penalties && counts ? [counts] : []),
  );
  if (!choice.random) return scores;
  const least = Math.fround(-DEEPEST);
  let bound = b.full([rows], least);
  const search = (weight: "count" | "mass", wanted: Value) => {
    const program = boundProgram(weight, shape);
    for (let k = 1; k <= STEPS; k++) {
      const step = b.constant(`${weight}${k}`, Float32Array.of(DEEPEST / 2 ** k), [1]);
      bound = call(program, scores, wanted, bound, step);
    }
  };
  if (choice.topK) search("count", call(columnProgram("topK", shape), parameters));
  if (choice.topP) search("mass", call(wantedProgram(shape), scores, parameters, bound));
  const seeds = b.input("seeds", [rows], "u32");
  return call(keysProgram(choice, shape, state.type.shape), scores, parameters, bound, seeds, state);
}
