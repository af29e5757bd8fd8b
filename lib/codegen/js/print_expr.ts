/** The expressions of a kernel as JavaScript. */
import type { ScalarType } from "../../ir/dtype.ts";
import type { Binary, Buffer, Call, Expr } from "../../ir/expr.ts";
import { LowerError } from "../../lower/error.ts";
import type { Kernel } from "../../lower/kernel.ts";
import type { Names } from "../names.ts";
import { printConversion } from "./convert.ts";

const ERF =
  "const erf = (x) => { const a = Math.abs(x), t = 1 / (1 + 0.3275911 * a); return Math.sign(x) * (1 - " +
  "((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-a * a)); };";

const DOT4 = "const dot4 = (p, q) => { let sum = 0; for (let shift = 0; shift < 32; shift += 8) " +
  "sum += (p << shift >> 24) * (q << shift >> 24); return sum; };";

/** Prints the expressions of one kernel, and collects the functions that they call. */
export class JavaScriptExprPrinter {
  /** The source of each function that the kernel calls. */
  readonly helpers = new Set<string>();
  readonly #single = new Set<Buffer>();

  /** Prints expressions of `kernel`, with identifiers from `names`. */
  constructor(kernel: Kernel, readonly names: Names) {
    for (const a of kernel.locals) if (a.size === 1) this.#single.add(a.buffer);
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
        return e.dtype === "bool" ? `${e.value !== 0}` : e.value < 0 ? `(${e.value})` : `${e.value}`;
      case "var":
        return this.names.of(e);
      case "binary":
        return this.#binary(e);
      case "not":
        return `!${this.expr(e.a)}`;
      case "select":
        return `(${this.expr(e.cond)} ? ${this.expr(e.a)} : ${this.expr(e.b)})`;
      case "cast":
        return printConversion(this.expr(e.a), e.a.dtype as ScalarType, e.dtype as ScalarType);
      case "call":
        return this.#call(e);
      case "load": {
        const name = this.names.of(e.buffer);
        const value = this.isSingle(e.buffer) ? name : `${name}[${this.expr(e.indices[0] as Expr)}]`;
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

  #binary(e: Binary): string {
    const a = this.expr(e.a), b = this.expr(e.b);
    const int = e.dtype === "i32" || e.dtype === "u32";
    const wrap = (text: string) =>
      e.dtype === "u32" ? `((${text}) >>> 0)` : e.dtype === "i32" ? `(${text} | 0)` : `(${text})`;
    switch (e.op) {
      case "add":
        return wrap(`${a} + ${b}`);
      case "sub":
        return wrap(`${a} - ${b}`);
      case "mul":
        return !int
          ? `(${a} * ${b})`
          : e.dtype === "i32"
          ? `Math.imul(${a}, ${b})`
          : wrap(`Math.imul(${a}, ${b})`);
      case "div":
        return `(${a} / ${b})`;
      case "floordiv":
        return wrap(`Math.floor(${a} / ${b})`);
      case "floormod":
        return `(${a} - Math.floor(${a} / ${b}) * ${b})`;
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
        return `(1 / Math.sqrt(${args[0]}))`;
      case "fma":
        return `(${args[0]} * ${args[1]} + ${args[2]})`;
      case "erf":
        this.helpers.add(ERF);
        return `erf(${args[0]})`;
      case "dot4I8Packed":
        this.helpers.add(DOT4);
        return `dot4(${args.join(", ")})`;
      case "subgroupShuffleXor":
        throw new LowerError(`a ${e.op} reached JavaScript: the CPU has no subgroups`);
      case "exp":
      case "log":
      case "sqrt":
      case "sin":
      case "cos":
      case "tanh":
      case "floor":
      case "pow":
        return `Math.${e.op}(${args.join(", ")})`;
      default:
        return e.op satisfies never;
    }
  }
}
