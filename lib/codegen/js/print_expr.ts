/** The expressions of a kernel as JavaScript. */
import { isFloat, type ScalarType } from "../../ir/dtype.ts";
import type { Binary, Buffer, Call, Expr, Load } from "../../ir/expr.ts";
import { keyOf } from "../../ir/key.ts";
import { LowerError } from "../../lower/error.ts";
import type { Kernel, KernelStore } from "../../lower/kernel.ts";
import { isHeld } from "../is_held.ts";
import type { Names } from "../names.ts";
import { BF16, printConstant, printConversion, printRounded, TO_F16 } from "./convert.ts";
import { isAccumulation, isSelf, sumsIn } from "./promoted_sums.ts";

/** Remainders of one sign. Written out, they have their operands twice, so remainders of remainders would double each time. */
const FLOORMOD = "const floormod = (a, b) => a - Math.floor(a / b) * b;";
/** A remainder is written out if its operands have at most this many characters. */
const SHORT = 40;

const ERF =
  "const erf = (x) => { const a = Math.abs(x), t = 1 / (1 + 0.3275911 * a); return Math.sign(x) * (1 - " +
  "((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-a * a)); };";

const DOT4 = "const dot4 = (p, q) => { let sum = 0; for (let shift = 0; shift < 32; shift += 8) " +
  "sum += (p << shift >> 24) * (q << shift >> 24); return sum; };";

const ROUND = "const round = (x) => { const up = Math.round(x); " +
  "return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up; };";

const WORD = "const word = new DataView(new ArrayBuffer(4));";

/** Prints the expressions of one kernel, and collects the functions that they call. */
export class JavaScriptExprPrinter {
  /** The source of each function that the kernel calls. */
  readonly helpers = new Set<string>();
  readonly #single = new Set<Buffer>();
  /** Variables that hold sums in memory while a loop adds to them, by the keys of their places. */
  readonly promoted = new Map<Buffer, ReadonlyMap<string, string>>();
  readonly #sums: ReadonlySet<Buffer>;
  #unrounded: Expr | undefined;

  /** Prints expressions of `kernel`, with identifiers from `names`. */
  constructor(kernel: Kernel, readonly names: Names) {
    for (const a of kernel.locals) if (a.size === 1) this.#single.add(a.buffer);
    this.#sums = sumsIn(kernel.body);
  }

  /** Tells whether an array of registers adds up floats: such a sum is kept in doubles, and rounded where it is read. */
  isSum(b: Buffer): boolean {
    return this.#sums.has(b);
  }

  /** Writes a sum and what a store adds to it; undefined where the store is no step of a sum in doubles. */
  step(s: KernelStore): { readonly sum: string; readonly term: string } | undefined {
    if (!isAccumulation(s)) return undefined;
    const { a, b } = s.value;
    const [self, term] = isSelf(a, s) ? [a, b] : [b as Load, a];
    const sum = this.promoted.get(s.buffer)?.get(keyOf(s.index)) ??
      (this.isSum(s.buffer) ? this.#element(self) : undefined);
    return sum === undefined ? undefined : { sum, term: this.expr(term) };
  }

  /** Tells whether an array of registers is one value, and so a variable of its own. */
  isSingle(b: Buffer): boolean {
    return this.#single.has(b);
  }

  /** Writes a condition in one pair of parentheses. */
  condition(e: Expr): string {
    const text = this.expr(e);
    return e.kind === "binary" ? text : `(${text})`;
  }

  /** Writes an expression, in parentheses where it needs them. */
  expr(e: Expr): string {
    switch (e.kind) {
      case "const":
        return printConstant(e.value, e.dtype);
      case "var":
        return this.names.of(e);
      case "binary":
        return this.#binary(e);
      case "not":
        return `!${this.expr(e.a)}`;
      case "select":
        return `(${this.expr(e.cond)} ? ${this.expr(e.a)} : ${this.expr(e.b)})`;
      case "cast":
        if (e === this.#unrounded && isFloat(e.a.dtype)) return this.#held(e.a);
        if (e.dtype === "f16") this.helpers.add(TO_F16);
        return printConversion(this.#held(e.a), e.a.dtype as ScalarType, e.dtype as ScalarType);
      case "call":
        return this.#call(e);
      case "load": {
        const value = this.#element(e);
        if (this.isSum(e.buffer)) return this.#rounded(value, e);
        if (e.buffer.stored === "bf16") {
          this.helpers.add(BF16);
          return `fromBf16(${value})`;
        }
        return e.dtype === "bool" ? `(${value} !== 0)` : value;
      }
      case "ramp":
      case "broadcast":
      case "shuffle":
        throw new LowerError(
          `a ${e.kind} reached JavaScript: kernels for the CPU are lowered without vectors`,
        );
      default:
        return e satisfies never;
    }
  }

  #element(e: Load): string {
    const name = this.names.of(e.buffer);
    return this.isSingle(e.buffer) ? name : `${name}[${this.expr(e.indices[0] as Expr)}]`;
  }

  /**
   * Writes the result of an operation on floats as its dtype holds it: so it is the same stored or not. Rounding to f16 is
   * slow: it waits until the value is compared, converted or stored.
   */
  #rounded(text: string, e: Expr): string {
    return e.dtype === "f16" || e === this.#unrounded
      ? `(${text})`
      : printRounded(text, e.dtype as ScalarType);
  }

  /** Writes a value as its dtype holds it, f16 included. */
  #held(e: Expr): string {
    const text = this.expr(e);
    if (e.dtype !== "f16" || isHeld(e, (b) => !this.isSum(b))) return text;
    this.helpers.add(TO_F16);
    return printRounded(text, "f16");
  }

  /** Writes what a store puts into its place. An array in memory rounds what it is given. */
  stored({ buffer, value }: KernelStore): string {
    if (this.isSingle(buffer) || this.isSum(buffer) || !isFloat(buffer.dtype)) return this.#held(value);
    this.#unrounded = value;
    const text = this.expr(value);
    this.#unrounded = undefined;
    if (buffer.stored !== "bf16") return text;
    this.helpers.add(BF16);
    return `toBf16(${text})`;
  }

  #binary(e: Binary): string {
    const a = e.dtype === "bool" ? this.#held(e.a) : this.expr(e.a);
    const b = e.dtype === "bool" ? this.#held(e.b) : this.expr(e.b);
    const int = e.dtype === "i32" || e.dtype === "u32";
    const wrap = (text: string) =>
      e.dtype === "u32" ? `((${text}) >>> 0)` : e.dtype === "i32" ? `(${text} | 0)` : this.#rounded(text, e);
    switch (e.op) {
      case "add":
        return wrap(`${a} + ${b}`);
      case "sub":
        return wrap(`${a} - ${b}`);
      case "mul":
        return !int
          ? this.#rounded(`${a} * ${b}`, e)
          : e.dtype === "i32"
          ? `Math.imul(${a}, ${b})`
          : wrap(`Math.imul(${a}, ${b})`);
      case "div":
        return this.#rounded(`${a} / ${b}`, e);
      case "floordiv":
        return wrap(`Math.floor(${a} / ${b})`);
      case "floormod":
        if (a.length + b.length <= SHORT) return `(${a} - Math.floor(${a} / ${b}) * ${b})`;
        this.helpers.add(FLOORMOD);
        return `floormod(${a}, ${b})`;
      case "min":
        return `Math.min(${a}, ${b})`;
      case "max":
        return `Math.max(${a}, ${b})`;
      case "bitand":
        return wrap(`${a} & ${b}`);
      case "bitor":
        return wrap(`${a} | ${b}`);
      case "bitxor":
        return wrap(`${a} ^ ${b}`);
      case "shl":
        return wrap(`${a} << ${b}`);
      case "shr":
        return e.dtype === "u32" ? `(${a} >>> ${b})` : `(${a} >> ${b})`;
      case "eq":
        return `(${a} === ${b})`;
      case "ne":
        return `(${a} !== ${b})`;
      case "lt":
        return `(${a} < ${b})`;
      case "le":
        return `(${a} <= ${b})`;
      case "gt":
        return `(${a} > ${b})`;
      case "ge":
        return `(${a} >= ${b})`;
      case "and":
        return `(${a} && ${b})`;
      case "or":
        return `(${a} || ${b})`;
      default:
        return e.op satisfies never;
    }
  }

  #call(e: Call): string {
    const args = e.args.map((x) => this.expr(x));
    switch (e.op) {
      case "abs":
        // The absolute value of -2³¹ is itself.
        return e.dtype === "i32" ? `(Math.abs(${args[0]}) | 0)` : `Math.abs(${args[0]})`;
      case "rsqrt":
        return this.#rounded(`1 / Math.sqrt(${args[0]})`, e);
      case "fma":
        return this.#rounded(`${args[0]} * ${args[1]} + ${args[2]}`, e);
      case "erf":
        this.helpers.add(ERF);
        return this.#rounded(`erf(${args[0]})`, e);
      case "dot4I8Packed":
        this.helpers.add(DOT4);
        return `dot4(${args.join(", ")})`;
      case "subgroupShuffleXor":
        throw new LowerError(`a ${e.op} reached JavaScript: the CPU has no subgroups`);
      case "isNaN":
        return `Number.isNaN(${args[0]})`;
      case "bitcastF32":
      case "bitcastI32":
      case "bitcastU32":
        return this.#bits(e, args[0] as string);
      case "round":
        this.helpers.add(ROUND);
        return `round(${args[0]})`;
      case "exp2":
        return this.#rounded(`2 ** (${args[0]})`, e);
      case "exp":
      case "log":
      case "log2":
      case "sqrt":
      case "sin":
      case "cos":
      case "atan":
      case "tanh":
      case "pow":
        return this.#rounded(`Math.${e.op}(${args.join(", ")})`, e);
      case "floor":
        return `Math.floor(${args[0]})`;
      default:
        return e.op satisfies never;
    }
  }

  /** Writes the bits of a value as another type has them. Words of either sign are stored alike. */
  #bits(e: Call, value: string): string {
    const from = (e.args[0] as Expr).dtype;
    if (from === e.dtype) return value;
    if (!isFloat(from) && !isFloat(e.dtype)) return `(${printRounded(value, e.dtype as ScalarType)})`;
    this.helpers.add(WORD);
    const set = isFloat(from) ? "setFloat32" : "setInt32";
    const get = isFloat(e.dtype) ? "getFloat32" : e.dtype === "i32" ? "getInt32" : "getUint32";
    return `(word.${set}(0, ${value}), word.${get}(0))`;
  }
}
