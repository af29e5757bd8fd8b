/**
 * Replaces thread loops by thread variables, one per tag. A store to shared memory may lie under only some of the
 * kernel's thread loops; then the first thread of the other loops does it.
 */
import { and, constant, eq, isConst, le, lt, variable } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { For, Stmt, ThreadTag } from "../ir/stmt.ts";
import { mapStmt, walkStmt } from "../ir/visit.ts";
import { substitute } from "../ir/substitute.ts";
import { isThreadTag, type KernelDraft } from "./kernel_draft.ts";
import { LowerError } from "./error.ts";

export function bindThreads(draft: KernelDraft): KernelDraft {
  const threads = new Map<ThreadTag, { var: Var; extent: Expr }>();
  const analyzer = new Analyzer();
  for (const v of draft.shapeVars) analyzer.bindRange(v, [1, Infinity]);
  walkStmt(draft.body, (s) => {
    if (s.kind !== "for" || !isThreadTag(s.loop)) return;
    const known = threads.get(s.loop);
    if (s.loop.startsWith("threadIdx") && s.extent.kind !== "const") {
      throw new LowerError(
        `cannot bind ${s.var.name} to ${s.loop}: its extent is not constant, and a workgroup's size is; split it`,
      );
    }
    const extent = known ? larger(known.extent, s, analyzer) : s.extent;
    threads.set(s.loop, { var: known?.var ?? variable(s.loop.replace("Idx.", "_")), extent });
  });

  const stmt = (s: Stmt, values: ReadonlyMap<Var, Expr>, inside: ReadonlyMap<string, For>): Stmt => {
    if (s.kind === "for" && isThreadTag(s.loop)) {
      const thread = threads.get(s.loop);
      if (!thread) throw new LowerError(`loop ${s.var.name} has no thread`);
      checkNested(s, inside.get(s.loop), analyzer);
      const body = stmt(s.body, new Map([...values, [s.var, thread.var]]), new Map([...inside, [s.loop, s]]));
      return analyzer.provesEqual(s.extent, thread.extent)
        ? body
        : { kind: "if", cond: lt(thread.var, s.extent), then: body };
    }
    const now = mapStmt(s, (x) => stmt(x, values, inside), (e) => substitute(e, values));
    if (now.kind !== "store" || now.buffer.scope === "local") return now;
    const absent = [...threads].filter(([tag, t]) =>
      !inside.has(tag) && !isConst(t.extent, 1) &&
      !(now.buffer.scope === "shared" && tag.startsWith("blockIdx"))
    );
    return absent.length === 0
      ? now
      : { kind: "if", cond: and(...absent.map(([, t]) => eq(t.var, constant(0)))), then: now };
  };
  return { ...draft, threads, body: stmt(draft.body, new Map(), new Map()) };
}

/** Checks a loop inside of another one with its tag. The threads of the outer loop run it, so there must be enough. */
function checkNested(s: For, outer: For | undefined, analyzer: Analyzer): void {
  if (!outer) return;
  const asked = `cannot bind ${s.var.name} to ${s.loop} inside ${outer.var.name}, which has this tag too`;
  if (!analyzer.proves(le(s.extent, outer.extent))) {
    throw new LowerError(`${asked}: it has more iterations than there are threads; give both one extent`);
  }
  walkStmt(s.body, () => {}, (e) => {
    if (e === outer.var) throw new LowerError(`${asked}: what it does differs by ${outer.var.name}`);
  });
}

function larger(a: Expr, s: For, analyzer: Analyzer): Expr {
  if (analyzer.provesEqual(a, s.extent)) return a;
  if (a.kind === "const" && s.extent.kind === "const") return a.value >= s.extent.value ? a : s.extent;
  throw new LowerError(
    `cannot bind ${s.var.name} to ${s.loop}: another loop of the kernel has this tag with a different symbolic extent`,
  );
}
