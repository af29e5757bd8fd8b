/** Replaces and removes statements of a program. */
import type { PrimFunc } from "../ir/func.ts";
import type { Block, Stmt } from "../ir/stmt.ts";
import { mapStmt } from "../ir/visit.ts";
import { seq } from "../ir/build.ts";

/** Replaces one statement of a program. */
export function replaceStmt(func: PrimFunc, old: Stmt, by: Stmt): PrimFunc {
  const go = (s: Stmt): Stmt =>
    s === old ? by : s.kind === "seq" ? flattened(s, go) : s.kind === "block" ? s : mapStmt(s, go);
  return func.with({ body: go(func.body) });
}

function flattened(s: Stmt & { kind: "seq" }, go: (x: Stmt) => Stmt): Stmt {
  const now = mapStmt(s, go);
  return now === s || now.kind !== "seq" ? now : seq(...now.body);
}

/** Removes a block, and the loops that held nothing else. */
export function removeBlock(func: PrimFunc, block: Block): PrimFunc {
  const go = (s: Stmt): Stmt | undefined => {
    if (s === block) return undefined;
    if (s.kind === "for") {
      const body = go(s.body);
      return body === s.body ? s : body && { ...s, body };
    }
    if (s.kind === "seq") {
      const body = s.body.map(go).filter((x) => x !== undefined);
      return body.length === 0
        ? undefined
        : body.every((x, k) => x === s.body[k]) && body.length === s.body.length
        ? s
        : seq(...body);
    }
    return s;
  };
  return func.with({ body: go(func.body) ?? seq() });
}
