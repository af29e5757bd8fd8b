/** Names that a program does not have yet. */
import { freshName } from "../base/fresh_name.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Stmt } from "../ir/stmt.ts";
import { mapStmt, walkStmt } from "../ir/visit.ts";
import { substitute } from "../ir/substitute.ts";
import { variable } from "../ir/build.ts";
import { ScheduleError } from "./error.ts";

/** Characters of the longest name, which also keeps index expressions small. */
export const NAME_LIMIT = 1000;

/** Gives names of loops, blocks and buffers that a program does not have yet. */
export class FreshNames {
  readonly #taken = new Set<string>();

  /** Starts with the names that `func` has. */
  constructor(func: PrimFunc) {
    walkStmt(func.body, (s) => {
      if (s.kind === "for") this.#taken.add(s.var.name);
      if (s.kind === "block") this.#taken.add(s.name);
    });
    for (const b of [...func.params, ...func.allocs]) this.#taken.add(b.name);
    for (const v of func.shapeVars) this.#taken.add(v.name);
  }

  /**
   * Gives a new name like `wanted`.
   *
   * @throws {ScheduleError} for a name that has grown beyond {@linkcode NAME_LIMIT}
   */
  get(wanted: string): string {
    const name = freshName(wanted, this.#taken);
    if (name.length > NAME_LIMIT) {
      throw new ScheduleError(
        `cannot name a loop, block or buffer ${
          name.slice(0, 40)
        }…: expected up to ${NAME_LIMIT} characters, got ` +
          `${name.length}; names grow with each split, fusion and copy, so apply fewer of these to one loop`,
      );
    }
    return name;
  }
}

/** Copies a statement: its loops and blocks get new names, its loops and axes variables of their own. */
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
