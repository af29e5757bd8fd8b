/** Proofs that accesses stay inside of their buffers. What isn't proven is clamped. */
import { Analyzer } from "../../arith/analyzer.ts";
import { fromLinear, type Linear, linearAdd, linearConst, linearScale } from "../../arith/linear.ts";
import { binary, conjuncts, constant, isConst, mul } from "../../ir/build.ts";
import type { Buffer, Expr, Var } from "../../ir/expr.ts";
import { keyOf } from "../../ir/key.ts";
import { mapExpr, readsMemory, walkExpr } from "../../ir/visit.ts";
import type { Kernel, KernelStmt } from "../../lower/kernel.ts";

/** Facts that are taken into account one after the other for one proof. */
const DEPTH = 3;

/** Knows the ranges of a kernel's variables, and the conditions around the statement that is printed. */
export class AccessBounds {
  readonly #analyzer = new Analyzer();
  readonly #lets = new Map<Var, Expr>();
  readonly #expanded = new Map<Expr, Expr>();
  readonly #sizes = new Map<Buffer, Linear>();
  #facts: readonly Linear[] = [];
  #proofs = new Map<string, boolean>();

  constructor(kernel: Kernel) {
    const bindSize = (e: Expr) => e.kind === "var" && this.#analyzer.bindRange(e, [1, Infinity]);
    for (const e of [...kernel.uniforms, ...kernel.grid, ...kernel.bindings.flatMap((b) => b.buffer.shape)]) {
      walkExpr(e, bindSize);
    }
    for (const { tag, var: v } of kernel.threads) {
      const axis = "xyz".indexOf(tag.at(-1) ?? "x");
      const size = constant(kernel.workgroupSize[axis] ?? 1);
      this.#analyzer.bind(v, tag.startsWith("threadIdx") ? size : kernel.grid[axis] ?? constant(1));
    }
    this.#bindAll(kernel.body);
  }

  /** Loops nest, so an outer one is bound before the extent of an inner one is looked at; so are names. */
  #bindAll(body: readonly KernelStmt[]): void {
    for (const s of body) {
      if (s.kind === "let") this.#lets.set(s.var, this.#expand(s.value));
      if (s.kind === "for") {
        this.#analyzer.bind(s.var, this.#expand(s.extent));
        this.#bindAll(s.body);
      }
      if (s.kind === "if") {
        this.#bindAll(s.then);
        this.#bindAll(s.else);
      }
    }
  }

  /** Prints something under a condition, or under its opposite. */
  under(cond: Expr, holds: boolean, print: () => void): void {
    const before = this.#facts, proofs = this.#proofs;
    const found = conjuncts(cond).flatMap((c) => this.#factOf(c, holds));
    // Of a conjunction that doesn't hold nothing follows about its parts.
    if (found.length > 0 && (holds || conjuncts(cond).length === 1)) {
      this.#facts = [...before, ...found];
      this.#proofs = new Map();
    }
    print();
    this.#facts = before;
    this.#proofs = proofs;
  }

  /** Tells whether elements `index … index + lanes - 1` certainly lie in a buffer. */
  isInside(buffer: Buffer, index: Expr, lanes: number): boolean {
    const key = `${buffer.name}:${lanes}:${keyOf(index)}`;
    let proven = this.#proofs.get(key);
    if (proven === undefined) this.#proofs.set(key, proven = this.#lies(buffer, index, lanes));
    return proven;
  }

  /** Tells whether an index is certainly not negative. */
  isNotNegative(index: Expr): boolean {
    const form = this.#analyzer.linear(this.#expand(index));
    return this.#analyzer.isExact(form) && this.#analyzer.boundsOf(form)[0] >= 0;
  }

  /** Tells whether a division has operands that aren't negative, and no divisor of 0. */
  isNatural(a: Expr, b: Expr): boolean {
    return this.isNotNegative(a) && this.#analyzer.bounds(this.#expand(b))[0] > 0;
  }

  #lies(buffer: Buffer, index: Expr, lanes: number): boolean {
    const form = this.#analyzer.linear(this.#expand(index));
    if (!this.#analyzer.isExact(form)) return false;
    const size = this.#sizeOf(buffer);
    const room = linearAdd(linearAdd(size, form, -1), linearConst(-lanes));
    return this.#holds(form, DEPTH) && this.#holds(room, DEPTH);
  }

  #sizeOf(buffer: Buffer): Linear {
    let size = this.#sizes.get(buffer);
    if (size === undefined) {
      const count = buffer.shape.reduce<Expr>((n, d) => mul(n, d), constant(1));
      this.#sizes.set(buffer, size = this.#analyzer.linear(count));
    }
    return size;
  }

  /** Tells whether a form is certainly not negative: by its own bounds, or less a multiple of what is known not to be. */
  #holds(form: Linear, depth: number): boolean {
    if (this.#analyzer.boundsOf(form)[0] >= 0) return true;
    if (form.terms.size === 0) return false;
    if (this.#analyzer.proves(binary("ge", fromLinear(form), constant(0)))) return true;
    if (depth === 0) return false;
    return this.#facts.some((fact) => {
      for (const [key, t] of fact.terms) {
        const own = form.terms.get(key);
        if (own === undefined || own.coeff * t.coeff <= 0) continue;
        const ratio = own.coeff / t.coeff, scale = Number.isInteger(ratio) ? 1 : Math.abs(t.coeff);
        const times = Math.round(ratio * scale);
        const rest = linearAdd(linearScale(form, scale), fact, -times);
        return this.#analyzer.isExact(rest) && this.#holds(rest, depth - 1);
      }
      return false;
    });
  }

  /** What a comparison says: forms that aren't negative. */
  #factOf(cond: Expr, holds: boolean): readonly Linear[] {
    if (cond.kind === "not") return this.#factOf(cond.a, !holds);
    if (cond.kind !== "binary" || cond.a.dtype !== "i32" || readsMemory(cond)) return [];
    const a = this.#analyzer.linear(this.#expand(cond.a)), b = this.#analyzer.linear(this.#expand(cond.b));
    if (!this.#analyzer.isExact(a) || !this.#analyzer.isExact(b)) return [];
    const least = (x: Linear, y: Linear, margin: number) =>
      linearAdd(linearAdd(x, y, -1), linearConst(-margin));
    switch (cond.op) {
      case "lt":
        return [holds ? least(b, a, 1) : least(a, b, 0)];
      case "le":
        return [holds ? least(b, a, 0) : least(a, b, 1)];
      case "gt":
        return [holds ? least(a, b, 1) : least(b, a, 0)];
      case "ge":
        return [holds ? least(a, b, 0) : least(b, a, 1)];
      case "eq":
        return holds ? [least(a, b, 0), least(b, a, 0)] : [];
      default:
        return [];
    }
  }

  /** Names replaced by their values, and shifts and masks by the divisions that they were. */
  #expand(e: Expr): Expr {
    let x = this.#expanded.get(e);
    if (x === undefined) this.#expanded.set(e, x = this.#divisions(e));
    return x;
  }

  #divisions(e: Expr): Expr {
    if (e.kind === "var") return this.#lets.get(e) ?? e;
    if (e.kind === "cast" && e.dtype === "i32" && e.a.kind === "binary" && e.a.dtype === "u32") {
      const { op, a, b } = e.a;
      // Lowering divides without signs where no operand is negative.
      if ((op === "floordiv" || op === "floormod") && isCastOfI32(a)) {
        const by = isCastOfI32(b) ? b.a : b.kind === "const" ? constant(b.value) : undefined;
        if (by) return this.#expand(binary(op, a.a, by));
      }
    }
    if (e.kind === "binary" && e.dtype === "i32" && isConst(e.b)) {
      const n = e.b.value;
      if (e.op === "shr" && n >= 0 && n < 31) return this.#expand(binary("floordiv", e.a, constant(2 ** n)));
      if (e.op === "bitand" && n > 0 && (n & (n + 1)) === 0) {
        return this.#expand(binary("floormod", e.a, constant(n + 1)));
      }
    }
    return mapExpr(e, (c) => this.#expand(c));
  }
}

function isCastOfI32(e: Expr): e is Extract<Expr, { kind: "cast" }> {
  return e.kind === "cast" && e.dtype === "u32" && e.a.dtype === "i32";
}
