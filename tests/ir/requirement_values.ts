/** The values that the index arithmetic of a program takes, by enumeration. */
import type { Expr, Var } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";

/** Walks a program of one block at the corners and some positions inside of its loops, without wrapping around. */
export class Values {
  #most = 0;
  constructor(readonly func: PrimFunc, readonly shapes: Readonly<Record<string, number>>) {}

  /** The largest absolute value of any i32 sum, difference or product. */
  largest(): number {
    this.#stmt(this.func.body, new Map(this.func.shapeVars.map((v) => [v, this.shapes[v.name] as number])));
    return this.#most;
  }

  #stmt(s: Stmt, at: ReadonlyMap<Var, number>): void {
    if (s.kind === "seq") s.body.forEach((x) => this.#stmt(x, at));
    else if (s.kind === "for") {
      const n = this.#value(s.extent, at);
      const positions = new Set([0, 1, 2, 7, Math.floor(n / 2), n - 2, n - 1].filter((i) => i >= 0 && i < n));
      for (const i of positions) this.#stmt(s.body, new Map([...at, [s.var, i]]));
    } else if (s.kind === "block") {
      const axes = s.iters.map((it, k): [Var, number] => [it.var, this.#value(s.bindings[k] as Expr, at)]);
      this.#stmt(s.body, new Map([...at, ...axes]));
    } else if (s.kind === "store") {
      for (const i of s.indices) this.#value(i, at);
      this.#value(s.value, at);
    } else throw new Error(`expected no ${s.kind}`);
  }

  #value(e: Expr, at: ReadonlyMap<Var, number>): number {
    if (e.kind === "const") return e.value;
    if (e.kind === "var") return at.get(e) as number;
    if (e.kind === "cast") return this.#value(e.a, at);
    if (e.kind !== "binary") throw new Error(`expected no ${e.kind}`);
    const a = this.#value(e.a, at), b = this.#value(e.b, at);
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
    if (["add", "sub", "mul"].includes(e.op)) this.#most = Math.max(this.#most, Math.abs(value));
    return value;
  }
}
