/** A kernel in the making: what the passes hand on to each other. */
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { Align } from "../ir/annotations.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { Block, For, Stmt, ThreadTag } from "../ir/stmt.ts";
import { walkStmt } from "../ir/visit.ts";
import type { TextureLayout } from "../target/texture.ts";

/** How an array of a kernel lies in memory, as annotations of the block that writes it say. */
export interface Layout {
  readonly align?: Align;
  /** True for two copies of it, between which the iterations of the loop around all its uses alternate. */
  readonly doubled: boolean;
}

export interface KernelDraft {
  readonly name: string;
  /** True if it makes of inputs what the other kernels read, once for as long as these stay. */
  readonly prepares: boolean;
  readonly body: Stmt;
  readonly shapeVars: readonly Var[];
  /** Buffers that live outside the kernel: parameters and global intermediates. */
  readonly outer: ReadonlySet<Buffer>;
  /** Of buffers that are not laid out plainly. */
  readonly layouts: ReadonlyMap<Buffer, Layout>;
  /** Filled when thread loops become thread variables. */
  readonly threads: ReadonlyMap<ThreadTag, { readonly var: Var; readonly extent: Expr }>;
  /** Global buffers through which threads of a workgroup exchange values. */
  readonly sharedGlobals: ReadonlySet<Buffer>;
  /** Elements an array element, by buffer; filled when vector accesses are settled. */
  readonly lanes: ReadonlyMap<Buffer, 1 | 4>;
  /** Buffers at whose indices arithmetic on data may wrap around; filled when indices are flattened. */
  readonly wrapping: ReadonlySet<Buffer>;
  /** How inputs lie in their textures. */
  readonly textures: ReadonlyMap<Buffer, TextureLayout>;
}

/** An analyzer that knows the draft's shape variables, threads and loops. */
export function analyzerOf(draft: KernelDraft): Analyzer {
  const analyzer = new Analyzer();
  for (const v of draft.shapeVars) analyzer.bindRange(v, [1, Infinity]);
  for (const t of draft.threads.values()) analyzer.bind(t.var, t.extent);
  analyzer.bindLoops(draft.body);
  return analyzer;
}

/** The blocks of `s`, in order. */
export function blocksIn(s: Stmt): readonly Block[] {
  const found: Block[] = [];
  walkStmt(s, (x) => x.kind === "block" && found.push(x));
  return found;
}

export function isThreadTag(loop: For["loop"]): loop is ThreadTag {
  return loop.startsWith("threadIdx.") || loop.startsWith("blockIdx.");
}

export function isThreadIdx(loop: For["loop"]): boolean {
  return loop.startsWith("threadIdx.");
}

/** Variables of the threads whose tag begins so: `blockIdx` or `threadIdx`. */
export function threadVars(draft: KernelDraft, tags: "blockIdx" | "threadIdx"): ReadonlySet<Var> {
  return new Set([...draft.threads].filter(([tag]) => tag.startsWith(tags)).map(([, t]) => t.var));
}

/** Variables that are the same for all threads of a workgroup at any time: which one it is, and the shapes. */
export function workgroupVars(draft: KernelDraft): ReadonlySet<Var> {
  return threadVars(draft, "blockIdx").union(new Set(draft.shapeVars));
}
