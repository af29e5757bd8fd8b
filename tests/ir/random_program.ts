/**
 * Random small programs. Their values are small integers whatever their dtype, so that sums come out the
 * same in any order and results can be compared exactly.
 */
import fc from "fast-check";
import {
  add,
  binary,
  call,
  cast,
  constant,
  ge,
  max as larger,
  mul,
  select,
  sub,
  variable,
} from "../../lib/ir/build.ts";
import type { ScalarType } from "../../lib/ir/dtype.ts";
import type { Buffer, Expr, Var } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { evaluate, exprToJson } from "../../lib/ir/json.ts";
import { inputsOf } from "../../lib/ir/parameters.ts";
import { walkStmt } from "../../lib/ir/visit.ts";
import { compute } from "../../lib/te/compute.ts";
import { all as every, any as some, max, min, prod, reduceAxis, sum } from "../../lib/te/reduce.ts";
import { argmax, argmin } from "../../lib/te/argmax.ts";
import { placeholder, type Tensor } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { bitcast, bitXor, isNaN, round, sign, trunc, truncDiv } from "../../lib/te/expr.ts";

/** One computed tensor. Numbers pick among what is there when its turn comes: `source` 0 is the latest tensor. */
interface Stage {
  readonly kind: "map" | "zip" | "transpose" | "stencil" | "shift" | "reduce" | "contract" | "spread";
  readonly source: number;
  readonly other: number;
  readonly variant: number;
}

interface Description {
  readonly dtype: "f32" | "i32";
  /** Extents; tensors name their dimensions by position in it. */
  readonly pool: readonly number[];
  readonly inputs: readonly (readonly number[])[];
  readonly stages: readonly Stage[];
  /** The last tensor but one is an output too, if it is computed. */
  readonly second: boolean;
}

/** Where the pool has the extent 1, which a row of one dimension is reduced to. */
const UNIT = 3;

/** A tensor, and which extents of the pool are its dimensions. */
interface Shaped {
  readonly tensor: Tensor;
  readonly dims: readonly number[];
}

const arbStage: fc.Arbitrary<Stage> = fc.record({
  kind: fc.constantFrom<Stage["kind"]>(
    "map",
    "zip",
    "transpose",
    "stencil",
    "shift",
    "reduce",
    "contract",
    "spread",
  ),
  source: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(7) }),
  other: fc.nat(7),
  variant: fc.nat(29),
});

const arbDescription: fc.Arbitrary<Description> = fc.record({
  dtype: fc.constantFrom("f32", "i32"),
  pool: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 3 }),
  inputs: fc.array(fc.array(fc.nat(2), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
  stages: fc.array(arbStage, { minLength: 1, maxLength: 4 }),
  second: fc.boolean(),
});

/** Programs of one to four computed tensors, of one to three dimensions with extents 1 … 9. */
export const arbProgram: fc.Arbitrary<PrimFunc> = arbDescription.map((d) =>
  programOf(d, [...d.pool, 1].map((extent) => constant(extent)))
);

/** The same with `m` for one of the extents, and a value for it. */
export const arbSymbolicProgram: fc.Arbitrary<
  { readonly func: PrimFunc; readonly shapes: Readonly<Record<string, number>> }
> = arbDescription.map((d) => {
  const m = variable("m");
  const func = programOf(d, [...d.pool, 1].map((extent, k) => k === 0 ? m : constant(extent)));
  return { func, shapes: func.shapeVars.includes(m) ? { m: d.pool[0] as number } : {} };
});

function programOf(d: Description, pool: readonly Expr[]): PrimFunc {
  const shape = (dims: readonly number[]) => dims.map((k) => pool[k] as Expr);
  const inputs = d.inputs.map((dims, k): Shaped => ({
    tensor: placeholder("ABD".charAt(k), shape(dims), d.dtype),
    dims,
  }));
  const all = [...inputs];
  d.stages.forEach((stage, k) => all.push(stageOf(stage, `T${k}`, all, inputs, shape)));
  const last = all.at(-1) as Shaped, before = all.at(-2) as Shaped;
  const outputs = d.second && !inputs.includes(before) ? [before, last] : [last];
  // Inputs that nothing reads are dropped, so that every parameter has a part in the program.
  const whole = primFunc("random", [...inputs, ...outputs].map((x) => x.tensor));
  const used = readBuffers(whole);
  return primFunc(
    "random",
    [...inputs.filter((x) => used.has(x.tensor.buffer)), ...outputs].map((x) => x.tensor),
  );
}

function stageOf(
  { kind, source, other, variant }: Stage,
  name: string,
  all: readonly Shaped[],
  inputs: readonly Shaped[],
  shape: (dims: readonly number[]) => readonly Expr[],
): Shaped {
  const { tensor: A, dims } = all.at(-1 - source % all.length) as Shaped;
  const { dtype } = A.buffer;
  const of = (newDims: readonly number[], value: Parameters<typeof compute>[2]): Shaped => ({
    tensor: compute(name, shape(newDims), value),
    dims: newDims,
  });
  const c = (value: number) => constant(value, dtype);
  const map = () => of(dims, (...at) => mapped(A.at(...at), dtype, variant));
  switch (kind) {
    case "map":
      return map();
    case "zip": {
      // Products take an input on one side, which keeps values small.
      const product = variant % 3 === 0;
      const B = (product ? inputs : all).filter((x) => `${x.dims}` === `${dims}`)[0];
      if (!B) return map();
      const op = product ? "mul" : variant % 3 === 1 ? "sub" : "min";
      return of(dims, (...at) => binary(op, A.at(...at), B.tensor.at(...at)));
    }
    case "transpose": {
      const turn = <T>(x: readonly T[]) => variant % 2 ? x.toReversed() : [...x.slice(1), ...x.slice(0, 1)];
      const back = turn(dims.map((_, k) => k));
      return of(turn(dims), (...at) => A.at(...dims.map((_, k) => at[back.indexOf(k)] as Var)));
    }
    case "stencil": {
      const axis = variant % dims.length;
      return of(dims, (...at) => {
        const neighbour = at.map((v, k) => k === axis ? sub(v, 1) : v);
        const inside = ge(at[axis] as Var, 1);
        return add(A.at(...at), select(inside, A.at(...neighbour), constant(0, dtype)));
      });
    }
    case "shift": {
      const axis = variant % dims.length;
      return of(dims, (...at) => {
        const neighbour = at.map((v, k) => k === axis ? sub(v, 1) : v);
        return select(ge(at[axis] as Var, 1), A.at(...neighbour), constant(0, dtype));
      });
    }
    case "reduce": {
      const axis = variant % dims.length, k = reduceAxis(shape(dims)[axis] as Expr);
      const kept = dims.filter((_, k) => k !== axis), result = kept.length === 0 ? [UNIT] : kept;
      const element = (at: readonly Var[]) =>
        A.at(...(kept.length === 0 ? [k.var] : at.toSpliced(axis, 0, k.var)));
      switch (variant % 6) {
        case 0:
          return of(result, (...at) => min(element(at), [k]));
        case 1:
          // Of -1, 0 and 1.
          return of(result, (...at) => prod(sign(element(at)), [k]));
        case 2: {
          const reduce = variant % 4 ? some : every;
          const found = compute(
            `${name}_found`,
            shape(result),
            (...at) => reduce(ge(element(at), c(0)), [k]),
          );
          return of(result, (...at) => cast(dtype, found.at(...at)));
        }
        case 3: {
          const found = compute(
            [`${name}_at`, `${name}_best`],
            shape(result),
            (...at) => (variant % 4 === 3 ? argmin : argmax)(element(at), k, { last: variant > 15 }),
          );
          return of(result, (...at) => cast(dtype, (found[0] as Tensor).at(...at)));
        }
        default:
          return of(result, (...at) => (variant % 2 ? sum : max)(element(at), [k]));
      }
    }
    case "contract": {
      // Over the last dimension of both, the second an input.
      const fitting = inputs.filter((x) => x.dims.length <= 2 && x.dims.at(-1) === dims.at(-1));
      const B = fitting[other % Math.max(1, fitting.length)];
      const free = dims.slice(0, -1), extra = B ? B.dims.slice(0, -1) : [];
      if (!B || free.length + extra.length === 0 || free.length + extra.length > 3) return map();
      const k = reduceAxis(shape(dims).at(-1) as Expr);
      return of([...free, ...extra], (...at) => {
        const a = A.at(...at.slice(0, free.length), k.var), b = B.tensor.at(...at.slice(free.length), k.var);
        return sum(mul(a, b), [k]);
      });
    }
    case "spread": {
      // A tensor of fewer dimensions read along the leading ones, as a normalisation does.
      const B = all.filter((x) =>
        x.dims.length > 0 && x.dims.length < dims.length && x.dims.every((e, k) => e === dims[k])
      ).at(-1);
      if (!B) return map();
      return of(dims, (...at) => sub(A.at(...at), B.tensor.at(...at.slice(0, B.dims.length))));
    }
    default:
      return kind satisfies never;
  }
}

function mapped(x: Expr, dtype: ScalarType, variant: number): Expr {
  const c = (value: number) => constant(value, dtype);
  switch (variant % 10) {
    case 0:
      return add(mul(x, c(2)), c(1));
    case 1:
      return larger(x, c(0));
    case 2:
      return select(binary("lt", x, c(0)), sub(c(0), x), x);
    case 3:
      return call("abs", x);
    case 4:
      return dtype === "i32" ? binary("floordiv", x, 3) : call("floor", binary("div", x, c(2)));
    case 5:
      return dtype === "i32" ? binary("floormod", x, 5) : binary("min", x, c(4));
    case 6:
      return dtype === "i32" ? bitXor(x, 5) : select(isNaN(x), c(1), round(mul(x, 0.5)));
    case 7:
      return dtype === "i32" ? truncDiv(x, -2) : trunc(mul(x, 0.5));
    case 8:
      return bitcast(dtype === "i32" ? "i32" : "f32", bitcast("u32", x));
    default:
      // Of the bytes of the value by 1, -1, 2 and 0.
      return dtype === "i32" ? call("dot4I8Packed", cast("u32", x), constant(0x0002ff01, "u32")) : add(x, x);
  }
}

function readBuffers(f: PrimFunc): ReadonlySet<Buffer> {
  const found = new Set<Buffer>();
  walkStmt(f.body, () => {}, (e) => e.kind === "load" && found.add(e.buffer));
  return found;
}

/** Arguments for the inputs of `f`: integers -3 … 3 in the inputs' own kinds of array, the same for the same seed. */
export function randomInputs(
  f: PrimFunc,
  seed: number,
  shapes: Readonly<Record<string, number>> = {},
): Record<string, Float32Array | Int32Array> {
  let state = (Math.imul(seed, 2654435761) ^ 0x5bd1e995) >>> 0 || 1;
  // Marsaglia's xorshift32.
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>>= 0;
  };
  return Object.fromEntries(
    inputsOf(f).map((b) => {
      const size = b.shape.reduce((n, d) => n * evaluate(exprToJson(d), shapes), 1);
      const data = b.dtype === "i32" ? new Int32Array(size) : new Float32Array(size);
      return [b.name, data.map(() => next() % 7 - 3)];
    }),
  );
}
