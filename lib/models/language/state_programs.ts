/**
 * The state of sequences that are decoded, which stays on the device: i32[rows, context + 2]. A row begins with the position of
 * the token that is next to be read, and goes on with the tokens at all positions. So several tokens follow each other without
 * the host.
 */
import { add, constant, eq, max, min, select } from "../../ir/build.ts";
import type { Expr, Var } from "../../ir/expr.ts";
import type { PrimFunc } from "../../ir/func.ts";
import { argmax } from "../../op/argmax.ts";
import { compute } from "../../te/compute.ts";
import { primFunc } from "../../te/prim_func.ts";
import { placeholder, type Tensor } from "../../te/tensor.ts";
import { update } from "../../te/update.ts";
import type { StepShape } from "./step_shape.ts";

/** What of a step's sizes the state depends on. */
type StateShape = Pick<StepShape, "rows" | "context">;

/** Elements of a row of the state. */
export function stateWidth(context: number): number {
  return context + 2;
}

/** The state as a program's parameter. */
export function statePlaceholder({ rows, context }: StateShape): Tensor {
  return placeholder("state", [rows, stateWidth(context)], "i32");
}

/** The positions of the tokens that are read next, i32[rows]. */
export function positionsIn(state: Tensor, { context }: StateShape): Tensor {
  return compute("positions", [state.shape[0] as Expr], (i) => {
    return max(min(state.at(i as Var, 0), context - 1), 0);
  });
}

/** Makes the program that finds the tokens that are read next. Parameters state, ids i32[rows]. */
export function currentProgram(s: StateShape): PrimFunc {
  const state = statePlaceholder(s), positions = positionsIn(state, s);
  const ids = compute("ids", positions.shape, (i) => state.at(i as Var, add(positions.at(i as Var), 1)));
  return primFunc("current", [state, ids]);
}

/**
 * Makes the program that picks the tokens with the largest keys. Parameters keys f32[rows, vocabulary], state, and
 * picked i32[rows, 2]: tokens, and the positions where they go.
 */
export function pickProgram(s: StateShape, vocabulary: number): PrimFunc {
  const keys = placeholder("keys", [s.rows, vocabulary], "f32"), state = statePlaceholder(s);
  const ids = argmax(keys, { axis: 1, name: "ids" });
  const picked = compute("picked", [keys.shape[0] as Expr, 2], (...at) => {
    const [i, c] = at as readonly [Var, Var], p = max(min(state.at(i, 0), s.context - 1), 0);
    return select(eq(c, 0), ids.at(i), add(p, 1));
  });
  return primFunc("pick", [keys, state, picked]);
}

/** Makes the program that writes picked tokens into the state. Parameters picked i32[rows, 2], state (updated in place). */
export function recordProgram(s: StateShape): PrimFunc {
  const state = statePlaceholder(s);
  const picked = placeholder("picked", [s.rows, 2], "i32");
  const now = update(state, picked.shape, (...at) => {
    const [i, c] = at as readonly [Var, Var], position = picked.at(i, 1);
    return {
      at: [i, select(eq(c, 0), constant(0), add(position, 1))],
      value: select(eq(c, 0), position, picked.at(i, 0)),
    };
  });
  return primFunc("record", [picked, now]);
}

/**
 * Makes the program that counts picked tokens. Parameters picked i32[rows, 2], counts i32[rows, vocabulary] (updated in place: a
 * token that was generated counts two).
 */
export function countProgram({ rows }: StateShape, vocabulary: number): PrimFunc {
  const counts = placeholder("counts", [rows, vocabulary], "i32"),
    picked = placeholder("picked", [rows, 2], "i32");
  const now = update(counts, [picked.shape[0] as Expr], (i) => {
    const id = max(min(picked.at(i as Var, 0), vocabulary - 1), 0);
    return { at: [i as Var, id], value: add(counts.at(i as Var, id), 2) };
  });
  return primFunc("count", [picked, now]);
}
