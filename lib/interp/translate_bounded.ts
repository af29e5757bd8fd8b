/**
 * A program as the text of one JavaScript function over (buffers, bounds, shapes, erf, h), which computes a bound of
 * each element's error beside the element. Each node of an expression becomes an assignment; the text of a node itself is
 * that of `Translator`, so that values are those of `interpret`.
 */
import { isFloat, type ScalarType } from "../ir/dtype.ts";
import type { Buffer, Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { evaluate, exprToJson } from "../ir/json.ts";
import { readOnlyOf } from "../ir/parameters.ts";
import { reducerOf } from "../ir/reducer.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { Block, Stmt, Store } from "../ir/stmt.ts";
import { someExpr } from "../ir/visit.ts";
import { LEAST, LONG_SUM, roundingsOfSum, UNIT } from "./error_bounds.ts";
import { BoundedExprs, boundOf, roundingsIn, type Value } from "./bounded_exprs.ts";
import { PRELUDE, Translator } from "./translate.ts";

/** The function's text, and the buffers that hold long sums. Each of these needs an array of last terms. */
export interface BoundedTranslation {
  readonly text: string;
  readonly long: ReadonlySet<Buffer>;
}

/** Translates `f`, whose `buffers` are its parameters and allocations. */
export function translateBounded(
  f: PrimFunc,
  buffers: readonly Buffer[],
  shapes: Shapes,
): BoundedTranslation {
  return new BoundedTranslator(f, buffers, shapes).func();
}

class BoundedTranslator {
  readonly #base: Translator;
  readonly #lines: string[] = [];
  readonly #exprs: BoundedExprs;
  #reduced: readonly Expr[] = [];
  /** Whether the current block sets its results before it adds to them. */
  #starts = false;
  readonly #long = new Set<Buffer>();

  constructor(readonly f: PrimFunc, readonly buffers: readonly Buffer[], readonly shapes: Shapes) {
    this.#base = new Translator(buffers, false);
    const inputs = new Set(readOnlyOf(f));
    const bounded = new Set(buffers.filter((b) => !inputs.has(b)));
    this.#exprs = new BoundedExprs(this.#base, buffers, bounded, this.#lines);
  }

  func(): BoundedTranslation {
    const out = this.#lines;
    this.f.shapeVars.forEach((v, k) => out.push(`const ${this.#base.nameOf(v)} = shapes[${k}];`));
    this.buffers.forEach((b, k) =>
      out.push(`const ${this.#base.nameOf(b)} = buffers[${k}], e${k} = bounds[${k}], l${k} = last[${k}];`)
    );
    out.push(PRELUDE);
    this.#stmt(this.f.body);
    return { text: out.join("\n"), long: this.#long };
  }

  #stmt(s: Stmt): void {
    const out = this.#lines;
    switch (s.kind) {
      case "for": {
        const v = this.#base.nameOf(s.var);
        out.push(`for (let ${v} = 0, n = ${this.#exprs.plain(s.extent)}; ${v} < n; ${v}++) {`);
        this.#exprs.scoped(() => this.#stmt(s.body));
        out.push("}");
        return;
      }
      case "seq":
        return s.body.forEach((x) => this.#exprs.scoped(() => this.#stmt(x)));
      case "if":
        out.push(`if (${this.#exprs.plain(s.cond)}) {`);
        this.#exprs.scoped(() => this.#stmt(s.then));
        if (s.else) {
          const { else: other } = s;
          out.push("} else {");
          this.#exprs.scoped(() => this.#stmt(other));
        }
        out.push("}");
        return;
      case "store":
        return this.#store(s);
      case "block":
        return this.#block(s);
      case "let": {
        out.push("{");
        this.#exprs.scoped(() => {
          const value = this.#exprs.value(s.value);
          out.push(`const ${this.#base.nameOf(s.var)} = ${value.v};`);
          this.#exprs.know(s.var, { ...value, v: this.#base.nameOf(s.var) });
          this.#stmt(s.body);
        });
        out.push("}");
        return;
      }
      case "barrier":
        return;
      default:
        return s satisfies never;
    }
  }

  #block(b: Block): void {
    const out = this.#lines;
    out.push(`if (${this.#exprs.plain(b.where)}) {`);
    const outside = this.#reduced;
    this.#starts = b.init !== undefined;
    const reduced = b.iters.filter((it) => it.type === "reduce");
    if (reduced.length > 0) this.#reduced = reduced.map((it) => it.extent);
    this.#exprs.scoped(() => {
      b.iters.forEach((it, k) =>
        out.push(`const ${this.#base.nameOf(it.var)} = ${this.#exprs.plain(b.bindings[k] as Expr)};`)
      );
      if (b.init) {
        const { init } = b;
        out.push(`if (${this.#base.isFirst(b)}) {`);
        this.#exprs.scoped(() => this.#stmt(init));
        out.push("}");
      }
      this.#stmt(b.body);
    });
    this.#reduced = outside;
    out.push("}");
  }

  #store(s: Store): void {
    const out = this.#lines, { dtype } = s.buffer;
    const at = this.#exprs.temp(this.#exprs.flat(s.buffer, s.indices)),
      cell = `${this.#base.nameOf(s.buffer)}[${at}]`;
    const bound = `e${this.buffers.indexOf(s.buffer)}[${at}]`;
    const sum = isFloat(dtype) ? reducerOf(s) : undefined;
    if (sum?.op === "add") {
      const term = this.#exprs.value(sum.value), terms = this.#terms(), unit = roundingsIn(dtype) * UNIT.f32;
      const rel = term.rel * UNIT.f32 + roundingsOfSum(terms) * unit;
      // What was there before is a term, too.
      if (!this.#starts) out.push(`${bound} += ${unit} * Math.abs(${cell});`);
      out.push(`${cell} += ${term.v};`);
      out.push(`${bound} += ${term.abs === undefined ? "" : `${term.abs} + `}${rel} * Math.abs(${term.v});`);
      if (terms > LONG_SUM) {
        this.#long.add(s.buffer);
        const last = `l${this.buffers.indexOf(s.buffer)}[${at}]`;
        const equal = `${term.v} === ${last} && ${term.v} !== 0`;
        out.push(`if (${equal}) ${bound} += ${unit / 4} * Math.abs(${cell}); else ${last} = ${term.v};`);
      }
      return;
    }
    const value = this.#exprs.value(s.value);
    const exact = this.#rounded(value, s.value, dtype);
    const stored = s.buffer.stored === "bf16" ? `${exact} + ${2 ** -8} * Math.abs(${value.v})` : exact;
    out.push(`${cell} = ${dtype === "bool" ? `+(${value.v})` : value.v};`);
    out.push(`${bound} = ${exact === "NaN" ? "Infinity" : stored};`);
  }

  /** The bound of a value that is stored. */
  #rounded(value: Value, e: Expr, dtype: ScalarType): string {
    const bound = boundOf(value);
    if (!isFloat(dtype) || e.kind === "const" || e.kind === "load") return bound;
    return `${bound} + Math.min(${LEAST[dtype as "f32" | "f16"]}, Math.abs(${value.v}) || 0)`;
  }

  /** Terms of the current sum. */
  #terms(): number {
    return this.#reduced.reduce((n, e) => {
      // An extent that depends on loops is taken as the whole of a large one.
      const known = e.kind === "const" ||
        !someExpr(e, (x) => x.kind === "var" && !this.f.shapeVars.includes(x));
      return n * (known ? evaluate(exprToJson(e), this.shapes) : 4096);
    }, 1);
  }
}
