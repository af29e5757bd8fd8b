/**
 * Loads into registers right before their first use, where nothing between writes what they read. Engines load where a
 * program says so, and spill what they can't hold until its use:
 *
 *     a = A[0]                    a = A[0]
 *     b = A[1]              →     s = s + a
 *     s = s + a                   b = A[1]
 *     s = s + b                   s = s + b
 */
import type { Buffer, Expr } from "../../ir/expr.ts";
import { walkExpr } from "../../ir/visit.ts";
import type { Kernel, KernelStmt, KernelStore } from "../../lower/kernel.ts";

/** Moves the loads of a kernel. */
export function sinkLoads(kernel: Kernel): Kernel {
  const singles = new Set(kernel.locals.filter((a) => a.size === a.lanes).map((a) => a.buffer));
  return { ...kernel, body: sunk(kernel.body, singles) };
}

/** A load that waits for its first use. */
interface Waiting {
  readonly store: KernelStore;
  readonly reads: ReadonlySet<Buffer>;
}

function sunk(body: readonly KernelStmt[], singles: ReadonlySet<Buffer>): readonly KernelStmt[] {
  const out: KernelStmt[] = [];
  let waiting: readonly Waiting[] = [];
  const release = (needed: (w: Waiting) => boolean) => {
    out.push(...waiting.filter(needed).map((w) => w.store));
    waiting = waiting.filter((w) => !needed(w));
  };
  for (const s of body) {
    switch (s.kind) {
      case "store": {
        const reads = buffersIn(s.index, s.value);
        release((w) => reads.has(w.store.buffer) || w.store.buffer === s.buffer || w.reads.has(s.buffer));
        if (isLoad(s, singles)) waiting = [...waiting, { store: s, reads }];
        else out.push(s);
        break;
      }
      case "let": {
        const reads = buffersIn(s.value);
        release((w) => reads.has(w.store.buffer));
        out.push(s);
        break;
      }
      case "for":
        release(() => true);
        out.push({ ...s, body: sunk(s.body, singles) });
        break;
      case "if":
        release(() => true);
        out.push({ ...s, then: sunk(s.then, singles), else: sunk(s.else, singles) });
        break;
      case "barrier":
        release(() => true);
        out.push(s);
        break;
      default:
        s satisfies never;
    }
  }
  release(() => true);
  return out;
}

/** Tells whether a store fills a register from memory, and does nothing else. */
function isLoad({ buffer, index, value }: KernelStore, singles: ReadonlySet<Buffer>): boolean {
  return singles.has(buffer) && value.kind === "load" && value.buffer.scope !== "local" &&
    (index.kind === "ramp" || value.dtype === buffer.dtype && index.kind === "const" && index.value === 0 &&
        buffer.shape.every((d) => d.kind === "const" && d.value === 1));
}

function buffersIn(...exprs: readonly Expr[]): ReadonlySet<Buffer> {
  const found = new Set<Buffer>();
  for (const e of exprs) walkExpr(e, (x) => x.kind === "load" && found.add(x.buffer));
  return found;
}
