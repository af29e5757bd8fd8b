/** The programs of a choice: from logits to keys, and the largest key is that of the next token. */
import {
  add,
  and,
  binary,
  call,
  cast,
  constant,
  div,
  floorDiv,
  floorMod,
  ge,
  gt,
  lt,
  max as larger,
  mul,
  select,
  sub,
} from "../../../ir/build.ts";
import { RANGE } from "../../../ir/dtype.ts";
import type { Expr, Var } from "../../../ir/expr.ts";
import type { PrimFunc } from "../../../ir/func.ts";
import { compute } from "../../../te/compute.ts";
import { primFunc } from "../../../te/prim_func.ts";
import { max, reduceAxis, sum } from "../../../te/reduce.ts";
import { placeholder, type Tensor } from "../../../te/tensor.ts";
import { type Choice, type Column, COLUMNS, PER_WORD } from "./choice.ts";
import { gumbel } from "./random_number.ts";

/** Below the largest logit by this much, a token has no part in sums of f32. */
export const DEEPEST = 32;
const LOWEST = constant(RANGE.f32[0], "f32"), ZERO = constant(0, "f32");

/** The sizes of logits: rows, or the name of their number, and tokens. */
export interface LogitsShape {
  readonly rows: number | string;
  readonly vocabulary: number;
}

function inputsOf({ rows, vocabulary }: LogitsShape): {
  readonly logits: Tensor;
  readonly parameters: Tensor;
  readonly bound: Tensor;
} {
  return {
    logits: placeholder("logits", [rows, vocabulary], "f32"),
    parameters: placeholder("parameters", [rows, COLUMNS.length], "f32"),
    bound: placeholder("bound", [rows], "f32"),
  };
}

const column = (parameters: Tensor, i: Expr, name: Column) => parameters.at(i, COLUMNS.indexOf(name));

/**
 * Makes the program of masks, biases, penalties and temperature. Parameters logits f32[rows, vocabulary], parameters
 * f32[rows, 8], mask u32[rows, vocabulary/32] (a bit for each token that may come), bias f32[rows, vocabulary] and counts i32[rows, vocabulary] where they are used (twice the times that a token was generated,
 * and one more if it is in the prompt), and scores f32[rows, vocabulary]: of a
 * random choice, the logarithms of the tokens' probabilities by the largest one, which are at most 0.
 */
export function scoresProgram(choice: Choice, shape: LogitsShape): PrimFunc {
  const { logits, parameters } = inputsOf(shape), { rows, vocabulary } = shape;
  const bias = placeholder("bias", [rows, vocabulary], "f32");
  const counts = placeholder("counts", [rows, vocabulary], "i32");
  const mask = placeholder("mask", [rows, Math.ceil(vocabulary / PER_WORD)], "u32");
  const own = (i: Expr, j: Expr): Expr => {
    const x = free(i, j);
    if (!choice.mask) return x;
    const bit = binary("shr", mask.at(i, floorDiv(j, PER_WORD)), cast("u32", floorMod(j, PER_WORD)));
    return select(gt(binary("bitand", bit, constant(1, "u32")), constant(0, "u32")), x, LOWEST);
  };
  const free = (i: Expr, j: Expr): Expr => {
    let x: Expr = logits.at(i, j);
    if (choice.bias) x = add(x, bias.at(i, j));
    if (choice.penalties) {
      const all = counts.at(i, j), count = floorDiv(all, 2), by = column(parameters, i, "repetition");
      const presence = select(gt(count, 0), column(parameters, i, "presence"), ZERO);
      const less = add(presence, mul(cast("f32", count), column(parameters, i, "frequency")));
      const lowered = sub(x, less);
      x = select(gt(all, 0), select(lt(lowered, ZERO), mul(lowered, by), div(lowered, by)), x);
    }
    return choice.random ? mul(x, column(parameters, i, "inverseTemperature")) : x;
  };
  const used = [
    logits,
    parameters,
    ...(choice.mask ? [mask] : []),
    ...(choice.bias ? [bias] : []),
    ...(choice.penalties ? [counts] : []),
  ];
  const t = reduceAxis(vocabulary, "t"), n = logits.shape[0] as Expr;
  if (!choice.random) {
    return primFunc("scores", [
      ...used,
      compute("scores", [n, vocabulary], (i, j) => own(i as Var, j as Var)),
    ]);
  }
  const most = compute("most", [n], (i) => ({ ...max(own(i as Var, t.var), [t]), from: RANGE.f32[0] }));
  const scores = compute("scores", [n, vocabulary], (...at) => {
    const [i, j] = at as readonly [Var, Var];
    return sub(own(i, j), most.at(i));
  });
  return primFunc("scores", [...used, scores]);
}

/** What a token weighs: it counts, or has its probability by the largest one. */
const WEIGHTS = {
  count: () => constant(1, "f32"),
  mass: (x: Expr) => call("exp", larger(x, constant(-80, "f32"))),
} as const;

/**
 * Makes the program that says what the tokens at or above a bound weigh, times a parameter: what is wanted of them. Parameters
 * scores f32[rows, vocabulary], parameters f32[rows, 8], bound f32[rows], wanted f32[rows].
 */
export function wantedProgram(shape: LogitsShape): PrimFunc {
  const { logits: scores, parameters, bound } = inputsOf(shape);
  const t = reduceAxis(shape.vocabulary, "t"), n = scores.shape[0] as Expr;
  const all = compute("all", [n], (i) => {
    const x = scores.at(i as Var, t.var);
    return sum(select(ge(x, bound.at(i as Var)), WEIGHTS.mass(x), ZERO), [t]);
  });
  const wanted = compute("wanted", [n], (i) => mul(all.at(i as Var), column(parameters, i as Var, "topP")));
  return primFunc("wanted", [scores, parameters, bound, wanted]);
}

/**
 * Makes a step of the search for the largest bound at or above which tokens weigh what is wanted: it moves a bound up by `step`
 * if they still do then. Parameters scores f32[rows, vocabulary], wanted f32[rows], bound f32[rows], step f32[1],
 * moved f32[rows].
 */
export function boundProgram(weight: keyof typeof WEIGHTS, shape: LogitsShape): PrimFunc {
  const { logits: scores, bound } = inputsOf(shape);
  const wanted = placeholder("wanted", [shape.rows], "f32"), step = placeholder("step", [1], "f32");
  const t = reduceAxis(shape.vocabulary, "t"), n = scores.shape[0] as Expr;
  const up = (i: Expr) => add(bound.at(i), step.at(0));
  const weighs = compute("weighs", [n], (i) => {
    const x = scores.at(i as Var, t.var);
    return sum(select(ge(x, up(i as Var)), WEIGHTS[weight](x), ZERO), [t]);
  });
  const moved = compute("moved", [n], (i) => {
    return select(ge(weighs.at(i as Var), wanted.at(i as Var)), up(i as Var), bound.at(i as Var));
  });
  return primFunc(`bound_by_${weight}`, [scores, wanted, bound, step, moved]);
}

/**
 * Makes the program of random keys: the probability that a token's is the largest is the token's probability (Gumbel-max).
 * Parameters scores f32[rows, vocabulary], parameters f32[rows, 8], bound f32[rows], seeds u32[rows], state i32[rows, …] that begins
 * with positions, keys f32[rows, vocabulary].
 */
export function keysProgram(choice: Choice, shape: LogitsShape, state: readonly Expr[]): PrimFunc {
  const { logits: scores, parameters, bound } = inputsOf(shape);
  const seeds = placeholder("seeds", [shape.rows], "u32");
  const positions = placeholder("state", state, "i32");
  const keys = compute("keys", [scores.shape[0] as Expr, shape.vocabulary], (...at) => {
    const [i, j] = at as readonly [Var, Var], x = scores.at(i, j);
    const may = [ge(x, bound.at(i)), ...(choice.minP ? [ge(x, column(parameters, i, "logMinP"))] : [])];
    return select(and(...may), add(x, gumbel(seeds.at(i), positions.at(i, 0), j)), LOWEST);
  });
  return primFunc("keys", [scores, parameters, bound, seeds, positions, keys]);
}

/** Makes the program that reads a column of the parameters. Parameters parameters f32[rows, 8], column f32[rows]. */
export function columnProgram(name: Column, { rows }: Pick<LogitsShape, "rows">): PrimFunc {
  const parameters = placeholder("parameters", [rows, COLUMNS.length], "f32");
  const read = compute("column", [parameters.shape[0] as Expr], (i) => column(parameters, i as Var, name));
  return primFunc("column", [parameters, read]);
}
