/** What every test of a pass asks: its golden, before and after, from the pipeline as it runs. */
import { assert, assertNotEquals } from "@std/assert";
import type { Buffer } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { printExpr, printStmt } from "../../lib/ir/print.ts";
import { walkStmt } from "../../lib/ir/visit.ts";
import type { KernelDraft } from "../../lib/lower/kernel_draft.ts";
import { lower } from "../../lib/lower/pipeline.ts";
import { splitKernels } from "../../lib/lower/split_kernels.ts";
import type { Target } from "../../lib/target/target.ts";
import { golden } from "../golden.ts";

/** The file of a pass's golden, in goldens/lower/. */
export function fileOf(pass: string): string {
  return `${pass.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)}.txt`;
}

/**
 * Holds what the pass makes of the one kernel of `func` against goldens/lower/. Facts of the draft that its text
 * does not show follow it, where the pass changes them.
 */
export function passShows(
  pass: string,
  func: PrimFunc,
  target: Target,
  file = `lower/${fileOf(pass)}`,
): void {
  const drafts = splitKernels(func);
  assert(drafts.length === 1, `${func.name} has ${drafts.length} kernels`);
  let last = drafts[0] as KernelDraft, shown = "";
  lower(func, target, {
    after: (name, draft) => {
      if (name === pass) {
        const before = textOf(last, draft), after = textOf(draft, last);
        assertNotEquals(after, before, `${pass} does nothing to ${func.name}`);
        shown = `before\n\n${before}\n\nafter\n\n${after}`;
      }
      last = draft;
    },
  });
  assert(shown, `there is no pass ${pass}`);
  golden(file, shown);
}

function textOf(draft: KernelDraft, other: KernelDraft): string {
  const own = factsOf(draft).filter((fact) => !factsOf(other).includes(fact));
  return [printStmt(draft.body).trimEnd(), ...own.map((fact) => `# ${fact}`)].join("\n");
}

/** What a draft says beside its body, a line each. */
function factsOf(draft: KernelDraft): readonly string[] {
  const buffers = new Set<Buffer>();
  walkStmt(
    draft.body,
    (s) => s.kind === "store" && buffers.add(s.buffer),
    (e) => e.kind === "load" && buffers.add(e.buffer),
  );
  const inside = [...buffers].filter((b) => !draft.outer.has(b));
  return [
    ...[...draft.threads].map(([tag, t]) => `${t.var.name} is ${tag}, of ${printExpr(t.extent)}`),
    ...inside.map((b) => `${b.name} is ${b.scope}, of ${b.shape.map(printExpr).join(" x ")}`),
    ...[...draft.sharedGlobals].map((b) => `threads exchange values through ${b.name}`),
    ...[...buffers].filter((b) => draft.lanes.get(b) === 4).map((b) => `${b.name} holds vectors of four`),
    ...[...draft.wrapping].map((b) => `indices of ${b.name} may wrap around`),
  ];
}
