/** Merges neighbouring statements under the same condition into one `if`. */
import { seq } from "../ir/build.ts";
import { keyOf } from "../ir/key.ts";
import type { If, Stmt } from "../ir/stmt.ts";
import { mapStmt, readsMemory } from "../ir/visit.ts";
import type { KernelDraft } from "./kernel_draft.ts";

export function mergeGuards(draft: KernelDraft): KernelDraft {
  const stmt = (s: Stmt): Stmt => {
    const x = mapStmt(s, stmt);
    if (x.kind !== "seq") return x;
    const runs: { readonly first: Stmt; readonly more: Stmt[] }[] = [];
    for (const next of x.body) {
      const last = runs.at(-1);
      if (last && isGuardedAlike(next, last.first)) last.more.push(next.then);
      else runs.push({ first: next, more: [] });
    }
    if (runs.length === x.body.length) return x;
    return seq(
      ...runs.map(({ first, more }) =>
        first.kind === "if" && more.length > 0 ? stmt({ ...first, then: seq(first.then, ...more) }) : first
      ),
    );
  };
  return { ...draft, body: stmt(draft.body) };
}

function isGuardedAlike(a: Stmt, b: Stmt): a is If {
  return a.kind === "if" && b.kind === "if" && !a.else && !b.else && keyOf(a.cond) === keyOf(b.cond) &&
    !readsMemory(b.cond);
}
