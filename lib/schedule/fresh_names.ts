/** Names that a program does not have yet. */
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Stmt } from "../ir/stmt.ts";
import { mapStmt, substitute, walkStmt } from "../ir/visit.ts";
import { variable } from "../ir/build.ts";
import { ScheduleError } from "./error.ts";

/** Longest name, which also keeps index expressions small: they grow with the names of their loops. */
export const NAME_LIMIT = 1000;

/** Hands out loop, block or buffer names that `func` does not have yet. */
export class FreshNames {
  readonly #taken = new Set<string>();

  constructor(func: PrimFunc) {
    walkStmt(func.body, (s) => {
      if (s.kind === "for") this.#taken.add(s.var.name);
      if (s.kind === "block") this.#taken.add(s.name);
    });
    for (const b of [...func.params, ...func.allocs]) this.#taken.add(b.name);
    for (const v of func.shapeVars) this.#taken.add(v.name);
  }

  /** @throws {ScheduleError} for a name that has grown beyond {@linkcode NAME_LIMIT} */
  get(wanted: string): string {
    let name = wanted;
    for (let k = 1; this.#taken.has(name); k++) name = `${wanted}_${k}`;
    if (name.length > NAME_LIMIT) {
      throw new ScheduleError(
        `cannot name a loop, block or buffer ${
          name.slice(0, 40)
        }…: it takes ${name.length} characters, and up to ` +
          `${NAME_LIMIT} work; names grow with each split, fusion and copy of what has been split, fused or copied`,
      );
    }
    this.#taken.add(name);
    return name;
  }
}

/** A copy of `s`: its loops and blocks have names that are new, its loops and axes variables of their own. */
export function copied(s: Stmt, names: FreshNames): Stmt {
  const by = new Map<Var, Expr>();
  const fresh = (v: Var, name: string): Var => {
    const now = variable(name);
    by.set(v, now);
    return now;
  };
  const expr = (e: Expr) => substitute(e, by);
  const go = (x: Stmt): Stmt => {
    if (x.kind === "for") return mapStmt({ ...x, var: fresh(x.var, names.get(x.var.name)) }, go, expr);
    if (x.kind !== "block") return mapStmt(x, go, expr);
    const iters = x.iters.map((it) => ({ ...it, var: fresh(it.var, it.var.name) }));
    return mapStmt({ ...x, name: names.get(x.name), iters }, go, expr);
  };
  return go(s);
}
