/** The values that the index arithmetic of a program takes, by enumeration. */
import type { Expr, Var } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";

/** Walks a program of one block at the corners and some positions inside of its loops, without wrapping around. */
export class Values {
  #most = 0;
  constructor(readonly func: PrimFunc, readonly shapes: Readonly<Record<string, number>>) {}

  /**
   * The largest absolute value of any i32 sum, difference or product that depends on a symbolic extent. The analyzer knows the
   * bounds of the others, and what wraps around among them.
   */
  largest(): number {
    this.#stmt(this.func.body, new Map(this.func.shapeVars.map((v) => [v, this.shapes[v.name] as number])));
    return this.#most;
  }

  #stmt(s: Stmt, at: ReadonlyMap<Var, number>): void {
    if (s.kind === "seq") s.body.forEach((x) => this.#stmt(x, at));
    else if (s.kind === "for") {
      const n = this.#value(s.extent, at).value;
      const positions = new Set([0, 1, 2, 7, Math.floor(n / 2), n - 2, n - 1].filter((i) => i >= 0 && i < n));
      for (const i of positions) this.#stmt(s.body, new Map([...at, [s.var, i]]));
    } else if (s.kind === "block") {
      const axes = s.iters.map((
        it,
        k,
      ): [Var, number] => [it.var, this.#value(s.bindings[k] as Expr, at).value]);
      this.#stmt(s.body, new Map([...at, ...axes]));
    } else if (s.kind === "store") {
      for (const i of s.indices) this.#value(i, at);
      this.#value(s.value, at);
    } else throw new Error(`expected no ${s.kind}`);
  }

  /** A value, and whether a symbolic extent bounds it. */
  #value(e: Expr, at: ReadonlyMap<Var, number>): { readonly value: number; readonly symbolic: boolean } {
    if (e.kind === "const") return { value: e.value, symbolic: false };
    if (e.kind === "var") return { value: at.get(e) as number, symbolic: true };
    if (e.kind === "cast") return this.#value(e.a, at);
    if (e.kind !== "binary") throw new Error(`expected no ${e.kind}`);
    const { value: a, symbolic: left } = this.#value(e.a, at),
      { value: b, symbolic: right } = this.#value(e.b, at);
    const value = e.op === "add"
      ? a + b
      : e.op === "sub"
      ? a - b
      : e.op === "mul"
      ? a * b
      : e.op === "floordiv"
      ? Math.floor(a / b)
      : e.op === "floormod"
      ? a - b * Math.floor(a / b)
      : e.op === "max"
      ? Math.max(a, b)
      : NaN;
    const symbolic = e.op === "floormod" ? right : left || right;
    if (symbolic && ["add", "sub", "mul"].includes(e.op)) this.#most = Math.max(this.#most, Math.abs(value));
    return { value, symbolic };
  }
}
