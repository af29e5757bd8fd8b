/** Neighbours under the same condition share one `if`. */
import { seq } from "../ir/build.ts";
import { keyOf } from "../ir/key.ts";
import type { Stmt } from "../ir/stmt.ts";
import { mapStmt, readsMemory } from "../ir/visit.ts";
import type { Draft } from "./draft.ts";

export function mergeGuards(draft: Draft): Draft {
  const stmt = (s: Stmt): Stmt => {
    const x = mapStmt(s, stmt);
    if (x.kind !== "seq") return x;
    const out: Stmt[] = [];
    for (const next of x.body) {
      const last = out.at(-1);
      const same = last?.kind === "if" && next.kind === "if" && !last.else && !next.else &&
        keyOf(last.cond) === keyOf(next.cond) && !readsMemory(last.cond);
      if (same) out[out.length - 1] = { ...last, then: seq(last.then, next.then) };
      else out.push(next);
    }
    return out.length === x.body.length ? x : seq(...out.map((y) => y.kind === "if" ? stmt(y) : y));
  };
  return { ...draft, body: stmt(draft.body) };
}
