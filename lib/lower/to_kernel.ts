import { constant, isConst } from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { Stmt, ThreadTag } from "../ir/stmt.ts";
import { walkOnce } from "../ir/visit.ts";
import type { Target } from "../target/target.ts";
import type { KernelDraft } from "./kernel_draft.ts";
import { LowerError } from "./error.ts";
import type { Alloc, Binding, Kernel, KernelStmt } from "./kernel.ts";

/**
 * Makes a kernel of a draft on which all passes have run.
 *
 * @throws {LowerError} where a block, an index of several dimensions, or a buffer of unknown size is left
 */
export function toKernel(draft: KernelDraft, target: Target): Kernel {
  const used = new Set<Buffer>(), written = new Set<Buffer>();
  const vars = new Set<Var>();
  walkOnce(draft.body, (s) => {
    if (s.kind !== "store") return;
    used.add(s.buffer);
    written.add(s.buffer);
  }, (e) => {
    if (e.kind === "load") used.add(e.buffer);
    if (e.kind === "var") vars.add(e);
  });
  const lanesOf = (b: Buffer) => draft.lanes.get(b) ?? 1;
  const bindings = [...draft.outer].filter((b) => used.has(b)).map((buffer): Binding => ({
    buffer,
    access: draft.atomics.has(buffer)
      ? "atomic"
      : written.has(buffer)
      ? "readWrite"
      : buffer.scope === "texture" && target.textures === "sampled"
      ? "sample"
      : "read",
    lanes: lanesOf(buffer),
    texture: draft.textures.get(buffer),
  }));
  const allocs = (scope: Buffer["scope"]) =>
    [...used].filter((b) => b.scope === scope && !draft.outer.has(b)).map((buffer): Alloc => ({
      buffer,
      lanes: lanesOf(buffer),
      size: sizeOf(buffer),
    }));
  const stray = [...used].find((b) => b.scope === "global" && !draft.outer.has(b));
  if (stray) {
    throw new LowerError(`buffer ${stray.name} is neither a parameter nor allocated by the function`);
  }

  const extent = (tag: ThreadTag): Expr => draft.threads.get(tag)?.extent ?? constant(1);
  const size = (tag: ThreadTag): number => {
    const e = extent(tag);
    return isConst(e) ? e.value : 1;
  };
  const grid = [extent("blockIdx.x"), extent("blockIdx.y"), extent("blockIdx.z")] as const;
  const gx = grid[0];
  return {
    name: draft.name,
    prepares: draft.prepares,
    bindings,
    uniforms: draft.shapeVars.filter((v) => vars.has(v)),
    threads: [...draft.threads].filter(([, t]) => vars.has(t.var)).map(([tag, t]) => ({ tag, var: t.var })),
    workgroupSize: [size("threadIdx.x"), size("threadIdx.y"), size("threadIdx.z")],
    grid,
    folded: isConst(grid[2], 1) && !(isConst(gx) && gx.value <= target.limits.maxWorkgroups),
    wrapping: draft.wrapping,
    shared: allocs("shared"),
    locals: allocs("local"),
    body: statements(draft.body),
  };
}

function sizeOf(b: Buffer): number {
  const [size] = b.shape;
  if (b.shape.length !== 1 || size?.kind !== "const") {
    throw new LowerError(`the size of ${b.name} is not constant`);
  }
  return size.value;
}

function statements(s: Stmt): readonly KernelStmt[] {
  switch (s.kind) {
    case "seq":
      return s.body.flatMap(statements);
    case "for":
      return [{ kind: "for", var: s.var, extent: s.extent, body: statements(s.body) }];
    case "if":
      return [{ kind: "if", cond: s.cond, then: statements(s.then), else: s.else ? statements(s.else) : [] }];
    case "store": {
      const [index] = s.indices;
      if (s.indices.length !== 1 || !index) {
        throw new LowerError(`the store to ${s.buffer.name} has no flat index`);
      }
      return [{ kind: "store", buffer: s.buffer, index, value: s.value }];
    }
    case "let":
      return [{ kind: "let", var: s.var, value: s.value }, ...statements(s.body)];
    case "barrier":
      return [s];
    case "block":
      throw new LowerError(`block ${s.name} is still there after lowering`);
    default:
      return s satisfies never;
  }
}
