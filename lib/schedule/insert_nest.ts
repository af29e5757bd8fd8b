import { seq } from "../ir/build.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Block, For, Stmt } from "../ir/stmt.ts";
import { contains } from "./find.ts";
import { replaceStmt } from "./replace_stmt.ts";

/** Puts `nest` into the body of `loop` (or at top level), next to the statement that holds `block`. */
export function insert(
  func: PrimFunc,
  loop: For | undefined,
  block: Block,
  nest: Stmt,
  side: "before" | "after",
): PrimFunc {
  const body = loop ? loop.body : func.body;
  const parts = body.kind === "seq" ? body.body : [body];
  const out = parts.flatMap((s) => !contains(s, block) ? [s] : side === "before" ? [nest, s] : [s, nest]);
  return loop ? replaceStmt(func, loop, { ...loop, body: seq(...out) }) : func.with({ body: seq(...out) });
}
