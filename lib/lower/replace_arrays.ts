/** Scalar replacement: a register array that is only indexed by constants becomes one variable per element. */
import { constant } from "../ir/build.ts";
import type { Buffer, Load } from "../ir/expr.ts";
import type { Stmt, Store } from "../ir/stmt.ts";
import { mapStmt, rewriter, walkOnce } from "../ir/visit.ts";
import type { KernelDraft } from "./kernel_draft.ts";

export function replaceArrays(draft: KernelDraft): KernelDraft {
  const dynamic = new Set<Buffer>();
  const note = (x: Load | Store) => {
    if (x.buffer.scope === "local" && elementOf(x) === undefined) dynamic.add(x.buffer);
  };
  walkOnce(draft.body, (s) => s.kind === "store" && note(s), (e) => e.kind === "load" && note(e));

  const parts = new Map<Buffer, Map<number, Buffer>>();
  const lanes = new Map(draft.lanes);
  const move = <T extends Load | Store>(x: T): T => {
    const b = x.buffer;
    const at = elementOf(x);
    if (b.scope !== "local" || dynamic.has(b) || at === undefined) return x;
    const width = draft.lanes.get(b) ?? 1;
    const element = Math.floor(at / width);
    const own = parts.get(b) ?? new Map<number, Buffer>();
    parts.set(b, own);
    let part = own.get(element);
    if (!part) {
      part = { ...b, name: `${b.name}_${element}`, shape: [constant(width)] };
      own.set(element, part);
      lanes.set(part, width);
    }
    const index = x.indices[0]?.kind === "ramp"
      ? { ...x.indices[0], base: constant(0) }
      : constant(at % width);
    return { ...x, buffer: part, indices: [index] };
  };
  const expr = rewriter((e) => e.kind === "load" ? move(e) : e);
  const stmt = (s: Stmt): Stmt => {
    const x = mapStmt(s, stmt, expr);
    return x.kind === "store" ? move(x) : x;
  };
  return { ...draft, body: stmt(draft.body), lanes };
}

/** The constant element that an access starts at. */
function elementOf(x: Load | Store): number | undefined {
  const [index] = x.indices;
  if (index?.kind === "const") return index.value;
  return index?.kind === "ramp" && index.base.kind === "const" ? index.base.value : undefined;
}
