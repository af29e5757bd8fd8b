/**
 * Expressions of a program with bounds of their errors: each node becomes an assignment, and its bound follows from the
 * bounds of its operands. `error_bounds.ts` has the functions that the text calls as `h`.
 */
import { variable } from "../ir/build.ts";
import { isFloat, RANGE, scalarOf, type ScalarType } from "../ir/dtype.ts";
import type { Binary, Buffer, Call, Cast, Expr, Load, Select, Var } from "../ir/expr.ts";
import { treeSizeOf } from "../ir/size.ts";
import { mapExpr, someExpr } from "../ir/visit.ts";
import { LEAST, UNIT } from "./error_bounds.ts";
import { LARGE, type Translator } from "./translate.ts";

/** A value in the text: its name, and a bound of its error, `rel·2⁻²⁴·|v| + abs`. */
export interface Value {
  readonly v: string;
  readonly rel: number;
  readonly abs?: string;
  /** Whether it may be past what its dtype holds. */
  readonly over?: boolean;
}

/** Writes the values of expressions, and the bounds of their errors, as lines of JavaScript. */
export class BoundedExprs {
  /** The values of the nodes that are in scope. */
  #known = new Map<Expr, Value>();
  #made = 0;

  /**
   * @param base gives the text of nodes
   * @param buffers the program's, in the order of `e0`, `e1`, …, their arrays of bounds
   * @param bounded those whose elements have bounds
   * @param lines where assignments go
   */
  constructor(
    readonly base: Translator,
    readonly buffers: readonly Buffer[],
    readonly bounded: ReadonlySet<Buffer>,
    readonly lines: string[],
  ) {}

  /** Makes the value of a variable known. */
  know(v: Var, value: Value): void {
    this.#known.set(v, value);
  }

  /** Writes something after which its values are forgotten. */
  scoped(emit: () => void): void {
    const outside = this.#known;
    this.#known = new Map(outside);
    emit();
    this.#known = outside;
  }

  /** Names a value. */
  temp(text: string): string {
    const name = `t${this.#made++}`;
    this.lines.push(`const ${name} = ${text};`);
    return name;
  }

  /** The text of an expression whose error does not matter: of an extent, or an index. */
  plain(e: Expr): string {
    return this.#isExact(e) && treeSizeOf(e) <= LARGE ? this.base.expr(e) : this.value(e).v;
  }

  /** The place of an element in its array. */
  flat(b: Buffer, indices: readonly Expr[]): string {
    return indices.map((e) => this.plain(e)).reduce(
      (text, index, d) => d === 0 ? index : `(${text}) * ${this.base.expr(b.shape[d] as Expr)} + ${index}`,
      "0",
    );
  }

  /** Whether a value is exact on every device: integers that depend on no float. */
  #isExact(e: Expr): boolean {
    return !someExpr(
      e,
      (x) =>
        isFloat(x.dtype) || (x.kind === "load" && (this.bounded.has(x.buffer) || readsData(x))) ||
        (x.kind === "var" && this.#known.has(x)),
    );
  }

  /** The value of an expression; its lines are written at the first call. */
  value(e: Expr): Value {
    const known = this.#known.get(e);
    if (known) return known;
    const value = this.#isExact(e) ? { v: this.temp(this.#exact(e)), rel: 0 } : this.#node(e);
    this.#known.set(e, value);
    return value;
  }

  /** The text of an exact expression. Nodes of a large one get names, as its text may be exponential in them. */
  #exact(e: Expr): string {
    return treeSizeOf(e) > LARGE ? this.#own(e) : this.base.expr(e);
  }

  /** The node's own text, over operands that have names. */
  #own(e: Expr): string {
    return this.base.expr(mapExpr(e, (x) => this.#named(x)));
  }

  #named(x: Expr): Expr {
    const { v } = this.value(x);
    const stand = variable(v, scalarOf(x.dtype));
    this.base.give(stand, v);
    return stand;
  }

  #node(e: Expr): Value {
    switch (e.kind) {
      case "const": {
        const held = e.dtype === "f16" ? Math.f16round(e.value) : Math.fround(e.value);
        const off = Number.isFinite(e.value) ? Math.abs(held - e.value) : 0;
        return { v: this.temp(this.base.expr(e)), rel: 0, ...(off > 0 ? { abs: `${off}` } : {}) };
      }
      case "var":
        return { v: this.base.nameOf(e), rel: 0 };
      case "load":
        return this.#load(e);
      case "binary":
        return isFloat(e.a.dtype) ? this.#floats(e) : this.#integers(e);
      case "not": {
        const a = this.value(e.a);
        return { ...a, v: this.temp(this.#own(e)) };
      }
      case "select":
        return this.#select(e);
      case "cast":
        return this.#cast(e);
      case "call":
        return this.#call(e);
      case "ramp":
      case "broadcast":
      case "shuffle":
        // It is refused there.
        return { v: this.base.expr(e), rel: 0 };
      default:
        return e satisfies never;
    }
  }

  #load(e: Load): Value {
    const indices = e.indices.map((i) => this.#isExact(i) ? undefined : this.value(i));
    const at = this.temp(this.flat(e.buffer, e.indices));
    const cell = `${this.base.nameOf(e.buffer)}[${at}]`;
    const v = this.temp(e.dtype === "bool" ? `(${cell} !== 0)` : cell);
    const unsure: string[] = [];
    e.indices.forEach((i, d) => {
      if (!someExpr(i, (x) => x.kind === "load")) return;
      const index = this.plain(i);
      unsure.push(`!(${index} >= 0 && ${index} < ${this.base.expr(e.buffer.shape[d] as Expr)})`);
      const own = indices[d];
      if (own?.abs !== undefined) unsure.push(`${own.abs} !== 0`);
    });
    const held = this.bounded.has(e.buffer);
    const bound = held ? `e${this.buffers.indexOf(e.buffer)}[${at}]` : "0";
    // What f16 doesn't hold is infinite there.
    if (held && e.buffer.dtype === "f16") unsure.push(`Math.abs(${v}) > ${RANGE.f16[1]}`);
    if (unsure.length > 0) {
      return { v, rel: 0, abs: this.temp(`${unsure.join(" || ")} ? Infinity : ${bound}`), over: held };
    }
    return held ? { v, rel: 0, abs: this.temp(bound), over: isFloat(e.dtype) } : { v, rel: 0 };
  }

  #floats(e: Binary): Value {
    const a = this.value(e.a), b = this.value(e.b), v = this.temp(this.#own(e));
    const ea = boundOf(a), eb = boundOf(b), dtype = scalarOf(e.a.dtype) as "f32" | "f16";
    const u = UNIT[dtype],
      own = roundingsIn(dtype),
      most = RANGE[dtype][1],
      over = a.over || b.over || dtype === "f16";
    const plain = a.abs === undefined && b.abs === undefined;
    const bounded = (text: string): Value => ({
      v,
      rel: 0,
      abs: this.temp(this.#held(text, v, dtype)),
      over,
    });
    switch (e.op) {
      case "add":
      case "sub":
        return over
          ? bounded(`h.sum(${v}, ${a.v}, ${ea}, ${b.v}, ${eb}, ${u}, ${most})`)
          : bounded(`${ea} + ${eb} + ${u} * Math.abs(${v})`);
      case "mul":
        if (plain && !over) return { v, rel: a.rel + b.rel + own, over };
        return bounded(`h.mul(${a.v}, ${ea}, ${b.v}, ${eb}, ${u}, ${most})`);
      case "div":
        return { ...bounded(`h.div(${v}, ${a.v}, ${ea}, ${b.v}, ${eb}, ${u}, ${most})`), over: true };
      case "min":
      case "max":
        return bounded(`h.extreme(${v}, ${a.v}, ${ea}, ${b.v}, ${eb})`);
      default: {
        // A comparison.
        if (plain && a.rel === 0 && b.rel === 0) return { v, rel: 0 };
        return { v, rel: 0, abs: this.temp(`h.unsure(${a.v}, ${ea}, ${b.v}, ${eb})`) };
      }
    }
  }

  /** A bound in f16 is at least what may be flushed, and none where the value may be infinite. */
  #held(text: string, v: string, dtype: ScalarType): string {
    if (dtype !== "f16") return text;
    return `Math.abs(${v}) > ${
      RANGE.f16[1]
    } ? Infinity : ${text} + Math.min(${LEAST.f16}, Math.abs(${v}) || 0)`;
  }

  #integers(e: Binary): Value {
    const a = this.value(e.a), b = this.value(e.b), v = this.temp(this.#own(e));
    const ea = boundOf(a), eb = boundOf(b);
    if (ea === "0" && eb === "0") return { v, rel: 0 };
    switch (e.op) {
      case "add":
      case "sub":
        return { v, rel: 0, abs: this.temp(`${ea} + ${eb}`) };
      case "mul":
        return { v, rel: 0, abs: this.temp(`h.mul(${a.v}, ${ea}, ${b.v}, ${eb}, 0, Infinity)`) };
      case "min":
      case "max":
        return { v, rel: 0, abs: this.temp(`Math.max(${ea}, ${eb})`) };
      case "and":
      case "or": {
        const decided = (x: string, bound: string) => `(${bound} === 0 && ${e.op === "and" ? "!" : ""}${x})`;
        return {
          v,
          rel: 0,
          abs: this.temp(`${decided(a.v, ea)} || ${decided(b.v, eb)} ? 0 : Math.max(${ea}, ${eb})`),
        };
      }
      case "eq":
      case "ne":
      case "lt":
      case "le":
      case "gt":
      case "ge":
        return { v, rel: 0, abs: this.temp(`h.unsure(+${a.v}, ${ea}, +${b.v}, ${eb})`) };
      default:
        return { v, rel: 0, abs: this.temp(`h.any(${ea}, ${eb})`) };
    }
  }

  #select(e: Select): Value {
    const over = isFloat(e.dtype);
    if (!this.#isExact(e.cond)) {
      const cond = this.value(e.cond), bound = boundOf(cond);
      const a = this.value(e.a), b = this.value(e.b);
      const v = this.temp(`${cond.v} ? ${a.v} : ${b.v}`);
      const abs = this.temp(`h.select(${cond.v}, ${bound}, +${a.v}, ${boundOf(a)}, +${b.v}, ${boundOf(b)})`);
      return { v, rel: 0, abs, over };
    }
    const v = `t${this.#made++}`, abs = `t${this.#made++}`;
    const branch = (x: Expr) =>
      this.scoped(() => {
        const value = this.value(x);
        this.lines.push(`${v} = ${value.v}; ${abs} = ${boundOf(value)};`);
      });
    this.lines.push(`let ${v}, ${abs}; if (${this.base.expr(e.cond)}) {`);
    branch(e.a);
    this.lines.push("} else {");
    branch(e.b);
    this.lines.push("}");
    return { v, rel: 0, abs, over };
  }

  #cast(e: Cast): Value {
    const a = this.value(e.a), v = this.temp(this.#own(e)), bound = boundOf(a);
    const from = scalarOf(e.a.dtype), to = scalarOf(e.dtype);
    if (isFloat(to)) {
      if (isFloat(from)) {
        if (to === "f32") return { ...a, v };
        const abs = this.temp(this.#held(`${bound} + ${UNIT.f16} * Math.abs(${v})`, v, "f16"));
        return { v, rel: 0, abs, over: true };
      }
      const rel = from === "bool" ? 0 : roundingsIn(to);
      return { v, rel, ...(bound === "0" ? {} : { abs: bound }), over: to === "f16" };
    }
    if (bound === "0") return { v, rel: 0 };
    if (!isFloat(from)) return { v, rel: 0, abs: this.temp(`h.any(${bound})`) };
    if (to === "bool") return { v, rel: 0, abs: this.temp(`h.unsure(${a.v}, ${bound}, 0, 0)`) };
    return { v, rel: 0, abs: this.#ends(e, a) };
  }

  /** The bound of a step function of one operand. */
  #ends(e: Cast | Call, a: Value): string {
    const bound = this.temp(boundOf(a));
    const at = (sign: string) => {
      const end = this.temp(`${a.v} ${sign} ${bound}`);
      const dtype = scalarOf((e.kind === "cast" ? e.a : e.args[0] as Expr).dtype);
      const stand = variable(end, dtype);
      this.base.give(stand, end);
      return this.base.expr(mapExpr(e, () => stand));
    };
    return this.temp(`h.step(${this.temp(this.#own(e))}, ${bound}, ${at("-")}, ${at("+")})`);
  }

  /** Infinite bounds are those of values that may be anything; what is past its dtype may be NaN after a difference. */
  #isNaN(e: Call, a: Value): Value {
    const v = this.temp(this.#own(e)), bound = boundOf(a);
    return bound === "0" ? { v, rel: 0 } : { v, rel: 0, abs: this.temp(`${bound} === Infinity ? 1 : 0`) };
  }

  #call(e: Call): Value {
    const args = e.args.map((x) => this.value(x)), bounds = args.map(boundOf);
    const [x = "0", y = "0", z = "0"] = args.map((a) => a.v), [ex = "0", ey = "0", ez = "0"] = bounds;
    if (e.op === "isNaN") return this.#isNaN(e, args[0] as Value);
    if (!isFloat(e.dtype)) {
      const v = this.temp(this.#own(e));
      return bounds.every((b) => b === "0")
        ? { v, rel: 0 }
        : { v, rel: 0, abs: this.temp(`h.any(${bounds})`) };
    }
    const dtype = scalarOf(e.dtype) as "f32" | "f16", u = UNIT[dtype], most = RANGE[dtype][1];
    const own = this.#own(e);
    const v = this.temp(e.op === "exp" || e.op === "exp2" || e.op === "pow" ? `h.held(${own})` : own);
    const bounded = (text: string, over = dtype === "f16"): Value => {
      return {
        v,
        rel: 0,
        abs: this.temp(this.#held(`${text} + Math.min(${LEAST[dtype]}, Math.abs(${v}) || 0)`, v, dtype)),
        over,
      };
    };
    switch (e.op) {
      case "exp":
        return bounded(`h.exp(${v}, ${x}, ${ex}, ${u})`, true);
      case "exp2":
        return bounded(`h.exp2(${v}, ${x}, ${ex}, ${u})`, true);
      case "log2":
        return bounded(`h.log2(${v}, ${x}, ${ex}, ${u})`);
      case "log":
        return bounded(`h.log(${v}, ${x}, ${ex}, ${u})`);
      case "sqrt":
        return bounded(`h.sqrt(${v}, ${x}, ${ex}, ${u})`);
      case "rsqrt":
        return bounded(`h.rsqrt(${v}, ${x}, ${ex}, ${u})`, true);
      case "sin":
      case "cos":
        return bounded(`h.wave(${x}, ${ex}, ${u})`);
      case "atan":
        return bounded(`h.atan(${v}, ${x}, ${ex}, ${u})`);
      case "tanh":
        return bounded(`h.tanh(${v}, ${ex}, ${u})`);
      case "erf":
        return bounded(`h.erf(${ex}, ${u})`);
      case "abs":
        return { ...args[0] as Value, v };
      case "floor":
      case "round":
        return ex === "0" ? { v, rel: 0 } : { v, rel: 0, abs: this.#ends(e, args[0] as Value) };
      case "pow":
        return bounded(`h.pow(${v}, ${x}, ${ex}, ${y}, ${ey}, ${u})`, true);
      case "fma":
        return bounded(
          `h.mul(${x}, ${ex}, ${y}, ${ey}, ${u}, ${most}) + ${ez} + ${u} * (Math.abs(${x} * ${y}) + Math.abs(${z}))`,
        );
      case "bitcastF32":
        return ex === "0"
          ? { v, rel: 0, over: true }
          : { v, rel: 0, abs: this.temp(`h.any(${ex})`), over: true };
      case "bitcastI32":
      case "bitcastU32":
      case "dot4I8Packed":
      case "subgroupShuffleXor":
        return { v, rel: 0 };
      default:
        return e.op satisfies never;
    }
  }
}

/** The whole bound of a value. */
export function boundOf({ v, rel, abs }: Value): string {
  if (rel === 0) return abs ?? "0";
  const own = `${rel * UNIT.f32} * Math.abs(${v})`;
  return `(${abs === undefined ? own : `${abs} + ${own}`})`;
}

/** Roundings in units of f32's. */
export function roundingsIn(dtype: ScalarType): number {
  return dtype === "f16" ? UNIT.f16 / UNIT.f32 : 1;
}

/** Whether an element is read at a position that data gives. */
function readsData(e: Load): boolean {
  return e.indices.some((i) => someExpr(i, (x) => x.kind === "load"));
}
