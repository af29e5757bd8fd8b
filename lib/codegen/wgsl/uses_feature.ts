/** The extensions of WGSL that a kernel's source must enable. */
import { scalarOf } from "../../ir/dtype.ts";
import type { Expr } from "../../ir/expr.ts";
import { eachOnce } from "../../ir/visit.ts";
import type { Kernel, KernelStmt } from "../../lower/kernel.ts";

/** Tells whether threads of the kernel exchange values in subgroups. */
export function usesSubgroups(kernel: Kernel): boolean {
  return someIn(kernel.body, (e) => e.kind === "call" && e.op === "subgroupShuffleXor");
}

/** Tells whether the kernel's source needs `enable f16`. */
export function usesF16(kernel: Kernel): boolean {
  const buffers = [...kernel.bindings, ...kernel.shared, ...kernel.locals].map((b) => b.buffer);
  return buffers.some((b) => b.dtype === "f16" && b.scope !== "texture") ||
    someIn(kernel.body, (e) => scalarOf(e.dtype) === "f16");
}

/** Tells whether `has` holds for an expression of the kernel; an expression that stands at many places is asked once. */
function someIn(body: readonly KernelStmt[], has: (e: Expr) => boolean): boolean {
  let found = false;
  const ask = eachOnce((e) => void (found ||= has(e)));
  const visit = (s: KernelStmt): void => {
    switch (s.kind) {
      case "for":
        ask(s.extent);
        return s.body.forEach(visit);
      case "if":
        ask(s.cond);
        s.then.forEach(visit);
        return s.else.forEach(visit);
      case "store":
        ask(s.index);
        return ask(s.value);
      case "let":
        return ask(s.value);
      case "barrier":
        return;
      default:
        return s satisfies never;
    }
  };
  body.forEach(visit);
  return found;
}
