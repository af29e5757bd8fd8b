import type { Kind } from "../base/check_options.ts";
import { passing } from "../base/option_kinds.ts";
import type { Stmt } from "./stmt.ts";

const STATEMENTS: Readonly<Record<Stmt["kind"], true>> = {
  for: true,
  seq: true,
  if: true,
  store: true,
  block: true,
  let: true,
  barrier: true,
};

/** The kind of an argument that is a statement. */
export const stmtKind: Kind<Stmt> = passing(
  "a statement, as func.body is one",
  (x) => typeof x === "object" && x !== null && "kind" in x && Object.hasOwn(STATEMENTS, String(x.kind)),
);
