/**
 * Computes a repeated part of a large statement once, before the statement:
 *
 *                                             let part = A[i] * A[i]
 *     B[i] = A[i]*A[i] + exp(A[i]*A[i])   →   B[i] = part + exp(part)
 *
 * An expression is a graph of nodes and is printed as a tree. Without names, n nodes may give 2^n of text.
 */
import { variable } from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { replaceNodes, sharedNodes } from "../ir/shared_nodes.ts";
import type { Stmt } from "../ir/stmt.ts";
import { mapStmt } from "../ir/visit.ts";
import type { KernelDraft } from "./kernel_draft.ts";

/** Printed nodes up to which a statement stays as it is: a driver finds the equal parts of a small one itself. */
const SMALL = 100;

export function shareRepeated(draft: KernelDraft): KernelDraft {
  const stmt = (s: Stmt): Stmt => {
    const x = mapStmt(s, stmt);
    switch (x.kind) {
      case "store":
        return named(x, [...x.indices, x.value]);
      case "if":
        return named(x, [x.cond]);
      case "let":
        return named(x, [x.value]);
      case "for":
      case "seq":
      case "block":
      case "barrier":
        return x;
      default:
        return x satisfies never;
    }
  };
  return { ...draft, body: stmt(draft.body) };
}

/** The statement behind names for what its own expressions have in common. */
function named(s: Stmt, exprs: readonly Expr[]): Stmt {
  // A ramp is how an access says that it is of a vector.
  const shared = sharedNodes(exprs, SMALL).filter((e) => e.kind !== "ramp");
  if (shared.length === 0) return s;
  const names = new Map<Expr, Var>(
    // Names of vectors are made here only, after which nothing asks for a variable's type.
    shared.map((e) => [e, variable("part", e.dtype as ScalarType)]),
  );
  const { whole, below } = replaceNodes(names);
  const own = mapStmt(s, (x) => x, whole);
  return shared.reduceRight<Stmt>(
    (body, e) => ({ kind: "let", var: names.get(e) as Var, value: below(e), body }),
    own,
  );
}
