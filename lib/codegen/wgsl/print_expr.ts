/** The expressions of a kernel as WGSL. */
import { isFloat, isInt, lanesOf, scalarOf, type StoredType, withLanes } from "../../ir/dtype.ts";
import type { BinaryOp, Buffer, Call, Cast, Const, Expr, Load, MathOp } from "../../ir/expr.ts";
import { add } from "../../ir/build.ts";
import { STORED } from "../../ir/stored.ts";
import { reducerOf } from "../../ir/reducer.ts";
import { LowerError } from "../../lower/error.ts";
import type { Kernel, KernelStore } from "../../lower/kernel.ts";
import type { Names } from "../names.ts";
import { rampLanes, splitIndex } from "../split_index.ts";
import { updateHelper } from "./atomic_helpers.ts";
import {
  absHelper,
  floatOfBitsHelper,
  FROM_BITS,
  type Helper,
  integerHelper,
  isNaNHelper,
} from "./bit_helpers.ts";
import { angleHelper, atanHelper, erfHelper, exp2Helper, log2Helper, powHelper } from "./math_helpers.ts";
import { elementHelper, lanesHelper, storeHelper, wordHelper } from "./stored_helpers.ts";
import { literal, wgslType } from "./types.ts";

const INFIX: Partial<Record<BinaryOp, readonly [op: string, precedence: number]>> = {
  mul: ["*", 3],
  div: ["/", 3],
  add: ["+", 2],
  sub: ["-", 2],
  lt: ["<", 1],
  le: ["<=", 1],
  gt: [">", 1],
  ge: [">=", 1],
  eq: ["==", 1],
  ne: ["!=", 1],
  and: ["&&", 0],
  or: ["||", 0],
  bitand: ["&", 0],
  bitor: ["|", 0],
  bitxor: ["^", 0],
  shl: ["<<", 0],
  shr: [">>", 0],
};

const MATH: Readonly<Record<MathOp, string>> = {
  exp: "exp",
  exp2: "exp2",
  log: "log",
  log2: "log2",
  sqrt: "sqrt",
  rsqrt: "inverseSqrt",
  sin: "sin",
  cos: "cos",
  atan: "atan",
  tanh: "tanh",
  erf: "erf",
  abs: "abs",
  floor: "floor",
  round: "round",
  pow: "pow",
  fma: "fma",
  isNaN: "is_nan",
  bitcastF32: "bitcast",
  bitcastI32: "bitcast",
  bitcastU32: "bitcast",
  dot4I8Packed: "dot4I8Packed",
  subgroupShuffleXor: "subgroupShuffleXor",
};

/** The function that a call is of, where it is none of WGSL's own. */
function helperOf(e: Call): Helper | undefined {
  switch (e.op) {
    case "erf":
      return erfHelper(e.dtype);
    case "sin":
    case "cos":
      return angleHelper(e.op, e.dtype);
    case "exp2":
      return exp2Helper(e.dtype);
    case "log2":
      return log2Helper(e.dtype);
    case "atan":
      return atanHelper(e.dtype);
    case "isNaN":
      return isNaNHelper((e.args[0] as Expr).dtype);
    case "bitcastF32":
      return floatOfBitsHelper((e.args[0] as Expr).dtype);
    case "pow":
      return powHelper(e.dtype);
    case "abs":
      return scalarOf(e.dtype) === "i32" ? absHelper(e.dtype) : undefined;
    default:
      return undefined;
  }
}

/** Prints the expressions of one kernel, and collects the functions that they call. */
export class WgslExprPrinter {
  /** The source of each function that the kernel calls, by its name. */
  readonly helpers = new Map<string, string>();
  readonly #lanes = new Map<Buffer, 1 | 4>();
  readonly #single = new Set<Buffer>();
  readonly #sampled = new Set<Buffer>();
  readonly #atomic = new Set<Buffer>();
  /** The names of functions that store one element. */
  readonly #stores = new Map<Buffer, string>();
  /** One load stands at many places of an unrolled kernel. */
  readonly #loads = new Map<Load, string>();

  /** Prints expressions of `kernel`, with identifiers from `names`. */
  constructor(readonly kernel: Kernel, readonly names: Names) {
    for (const b of kernel.bindings) {
      this.#lanes.set(b.buffer, b.lanes);
      if (b.access === "sample") this.#sampled.add(b.buffer);
      const isShared = b.buffer.stored && b.access === "readWrite" && b.lanes === 1;
      if (isShared || b.access === "atomic") this.#atomic.add(b.buffer);
    }
    for (const a of [...kernel.shared, ...kernel.locals]) this.#lanes.set(a.buffer, a.lanes);
    for (const a of kernel.locals) if (a.size === a.lanes) this.#single.add(a.buffer);
  }

  /** Tells whether an array of registers is one value, and so a variable of its own. */
  isSingle(b: Buffer): boolean {
    return this.#single.has(b);
  }

  /** Writes a condition in one pair of parentheses. */
  condition(e: Expr): string {
    const text = this.expr(e);
    return e.kind === "binary" && (e.op === "and" || e.op === "or") ? text : `(${text})`;
  }

  /** Writes `e`, in parentheses if it binds less tightly than `precedence`. */
  expr(e: Expr, precedence = 0): string {
    switch (e.kind) {
      case "const":
        return this.#constant(e);
      case "var":
        return this.names.of(e);
      case "binary":
        return this.#binary(e.op, e, precedence);
      case "not":
        return `!${this.expr(e.a, 9)}`;
      case "select":
        // Comparisons side by side would read as a template: `select(a < b, c > (d), e)`.
        return `select(${this.expr(e.b, 2)}, ${this.expr(e.a, 2)}, ${this.expr(e.cond)})`;
      case "cast":
        return this.#cast(e);
      case "call":
        return this.#call(e);
      case "load": {
        let text = this.#loads.get(e);
        if (text === undefined) this.#loads.set(e, text = this.#load(e));
        return text;
      }
      case "ramp":
        return `vec4<i32>(${rampLanes(e.base, e.stride).map((x) => this.expr(x)).join(", ")})`;
      case "broadcast":
        return `${wgslType(e.dtype)}(${this.expr(e.a)})`;
      case "shuffle":
        return `${wgslType(e.dtype)}(${e.lanes.map((x) => this.expr(x)).join(", ")})`;
      default:
        return e satisfies never;
    }
  }

  #binary(op: BinaryOp, e: Extract<Expr, { kind: "binary" }>, outer: number): string {
    if (op === "min" || op === "max") return `${op}(${this.expr(e.a)}, ${this.expr(e.b)})`;
    if (op === "floordiv" || op === "floormod") return this.#floor(op, e, outer);
    const [infix, own] = INFIX[op] ?? ["?", 0];
    if (own === 0) {
      // WGSL does not mix these operators without parentheses; a shift takes its amount as u32.
      const vector = lanesOf(e.dtype) > 1;
      const text = (op === "and" || op === "or") && vector ? infix.charAt(0) : infix;
      const right = op === "shl" || op === "shr" ? this.#amount(e.b) : this.expr(e.b, 9);
      return `(${this.expr(e.a, 9)} ${text} ${right})`;
    }
    // Sums and products associate to the left; comparisons don't.
    const text = `${this.expr(e.a, own === 1 ? 2 : own)} ${infix} ${this.expr(e.b, own + 1)}`;
    return own < outer ? `(${text})` : text;
  }

  #amount(e: Expr): string {
    if (e.kind === "const") return `${e.value}u`;
    if (scalarOf(e.dtype) === "u32") return this.expr(e, 9);
    return `${wgslType(withLanes("u32", lanesOf(e.dtype)))}(${this.expr(e)})`;
  }

  #floor(op: "floordiv" | "floormod", e: Extract<Expr, { kind: "binary" }>, outer: number): string {
    if (scalarOf(e.dtype) === "u32") {
      const text = `${this.expr(e.a, 3)} ${op === "floordiv" ? "/" : "%"} ${this.expr(e.b, 4)}`;
      return outer > 3 ? `(${text})` : text;
    }
    const type = wgslType(e.dtype);
    const name = `${op}_${lanesOf(e.dtype)}`;
    const quotient =
      `let q = a / b; let inexact = ${type}(q * b != a) * ${type}((a < ${type}(0)) != (b < ${type}(0)));`;
    this.helpers.set(
      name,
      `fn ${name}(a: ${type}, b: ${type}) -> ${type} { ${quotient} return ` +
        (op === "floordiv" ? "q - inexact; }" : "a - (q - inexact) * b; }"),
    );
    return `${name}(${this.expr(e.a)}, ${this.expr(e.b)})`;
  }

  #call(e: Call): string {
    const args = e.args.map((x) => this.expr(x)).join(", ");
    const helper = helperOf(e);
    if (helper) return `${this.#use(helper)}(${args})`;
    const type = MATH[e.op] === "bitcast" ? `<${wgslType(e.dtype)}>` : "";
    return `${MATH[e.op]}${type}(${args})`;
  }

  /** Adds a function to those of the kernel, after what it calls; gives its name. */
  #use(helper: Helper): string {
    for (const inner of helper.calls) this.#use(inner);
    this.helpers.set(helper.name, helper.source);
    return helper.name;
  }

  #constant({ value, dtype }: Const): string {
    if (!isFloat(dtype)) return literal(value, dtype);
    // What was folded in doubles may be more than the dtype holds.
    const held = dtype === "f16" ? Math.f16round(value) : Math.fround(value);
    if (Number.isFinite(held)) return literal(value, dtype);
    const text = `${this.#use(FROM_BITS)}(${value > 0 ? "0x7f800000u" : "0xff800000u"})`;
    return dtype === "f16" ? `f16(${text})` : text;
  }

  #cast(e: Cast): string {
    const integral = isFloat(e.a.dtype) && isInt(e.dtype);
    const name = integral ? this.#use(integerHelper(e.a.dtype, e.dtype)) : wgslType(e.dtype);
    return `${name}(${this.expr(e.a)})`;
  }

  #load(e: Load): string {
    const b = e.buffer;
    if (b.scope === "texture") return this.#texel(e);
    if (b.stored) return this.#unpacked(b, b.stored, e.indices[0] as Expr);
    const text = this.place(b, e.indices[0] as Expr);
    return b.dtype === "bool" ? `(${text} != 0u)` : text;
  }

  #texel(e: Load): string {
    const [row, column] = e.indices as [Expr, Expr];
    const { vector, lane } = splitIndex(column, this.kernel.wrapping.has(e.buffer));
    const level = this.#sampled.has(e.buffer) ? ", 0" : "";
    const texel = `textureLoad(${this.names.of(e.buffer)}, vec2<i32>(${this.expr(vector)}, ${
      this.expr(row)
    })${level})`;
    const value = column.kind === "ramp" ? texel : texel + this.#lane(lane);
    return e.buffer.dtype === "f16" ? `${wgslType(e.dtype)}(${value})` : value;
  }

  /** Writes an element of a buffer of words, or four where the index is a ramp. */
  #unpacked(b: Buffer, stored: StoredType, index: Expr): string {
    const { perWord } = STORED[stored], name = this.names.of(b);
    const { vector, lane } = splitIndex(index, this.kernel.wrapping.has(b), perWord);
    const read = (at: Expr) =>
      this.isAtomic(b) ? `atomicLoad(&${name}[${this.expr(at)}])` : `${name}[${this.expr(at)}]`;
    if (index.kind === "ramp") {
      const words = perWord === 4 ? [vector] : [vector, add(vector, 1)];
      return `${this.#use(lanesHelper(stored))}(${words.map(read).join(", ")})`;
    }
    return `${this.#use(elementHelper(stored))}(${read(vector)}, ${
      typeof lane === "number" ? lane : this.expr(lane)
    })`;
  }

  /** Tells whether threads write a buffer's words at once: they hold several elements, or are updated. */
  isAtomic(b: Buffer): boolean {
    return this.#atomic.has(b);
  }

  /** Writes the lines that store an element to a buffer of words, or four where the index is a ramp. */
  storeUnpacked(b: Buffer, stored: StoredType, index: Expr, value: string): readonly string[] {
    const name = this.names.of(b);
    if (index.kind !== "ramp") {
      return [`${this.#storeFunction(b, stored)}(${this.expr(index)}, ${value});`];
    }
    const { perWord } = STORED[stored], word = this.#use(wordHelper(stored));
    const { vector } = splitIndex(index, this.kernel.wrapping.has(b), perWord);
    if (perWord === 4) return [`${name}[${this.expr(vector)}] = ${word}(${value});`];
    const held = this.names.fresh("four");
    return [
      `let ${held} = ${value};`,
      `${name}[${this.expr(vector)}] = ${word}(${held}.xy);`,
      `${name}[${this.expr(add(vector, 1))}] = ${word}(${held}.zw);`,
    ];
  }

  #storeFunction(b: Buffer, stored: StoredType): string {
    return this.#use(storeHelper(stored, this.#functionOf(b, "store"), this.names.of(b)));
  }

  /** Writes the line that updates an element of an atomic buffer. */
  update({ buffer, index, value }: KernelStore): string {
    const step = reducerOf({ kind: "store", buffer, indices: [index], value });
    if (!step) throw new LowerError(`the update of ${buffer.name} is not x = x op y any more`);
    const name = this.#functionOf(buffer, step.op);
    const helper = updateHelper(step.op, buffer.dtype, name, this.names.of(buffer));
    return `${this.#use(helper)}(${this.expr(index)}, ${this.expr(step.value)});`;
  }

  /** The name of the function that stores to a buffer, or combines a value with its element. */
  #functionOf(b: Buffer, verb: string): string {
    const known = this.#stores.get(b) ?? this.names.fresh(`${verb}_${this.names.of(b)}`);
    this.#stores.set(b, known);
    return known;
  }

  /** Writes the place of an element, or of a whole vector where the index is a ramp. */
  place(b: Buffer, index: Expr): string {
    const name = this.names.of(b), single = this.#single.has(b);
    const ofLane = this.#lanes.get(b) === 4 && index.kind !== "ramp";
    if (single && !ofLane) return name;
    if (this.#lanes.get(b) !== 4) return `${name}[${this.expr(index)}]`;
    const { vector, lane } = splitIndex(index, this.kernel.wrapping.has(b));
    const whole = single ? name : `${name}[${this.expr(vector)}]`;
    return ofLane ? whole + this.#lane(lane) : whole;
  }

  #lane(lane: number | Expr): string {
    return typeof lane === "number" ? `.${"xyzw".charAt(lane)}` : `[${this.expr(lane)}]`;
  }
}
