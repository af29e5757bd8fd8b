/** The draft of a kernel that passes take and return. */
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { Align } from "../ir/annotations.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { Block, For, Stmt, ThreadTag } from "../ir/stmt.ts";
import { walkStmt } from "../ir/visit.ts";
import type { TextureLayout } from "../target/texture.ts";

/** The layout of an array in memory, from the annotations of the block that writes it. */
export interface Layout {
  /** The stride of one dimension; undefined for a plain layout. */
  readonly align?: Align;
  /** True for two copies of it: the iterations of the loop around all its uses alternate between them. */
  readonly doubled: boolean;
}

/** The draft of one kernel. Each pass takes one and returns the next. */
export interface KernelDraft {
  /** The name of the kernel. */
  readonly name: string;
  /** True if it prepares inputs for other kernels: it runs once, when the inputs are bound. */
  readonly prepares: boolean;
  /** The loops and blocks; statements without blocks in the end. */
  readonly body: Stmt;
  /** The shape variables of the program. */
  readonly shapeVars: readonly Var[];
  /** Buffers that live outside the kernel: parameters and global intermediates. */
  readonly outer: ReadonlySet<Buffer>;
  /** Layouts of the buffers that are not plain. */
  readonly layouts: ReadonlyMap<Buffer, Layout>;
  /** Filled when thread loops become thread variables. */
  readonly threads: ReadonlyMap<ThreadTag, { readonly var: Var; readonly extent: Expr }>;
  /** Global buffers through which threads of a workgroup exchange values. */
  readonly sharedGlobals: ReadonlySet<Buffer>;
  /** Buffers whose elements threads update at once. */
  readonly atomics: ReadonlySet<Buffer>;
  /** Elements in one element of the array, by buffer; set by the pass that chooses lanes. */
  readonly lanes: ReadonlyMap<Buffer, 1 | 4>;
  /** Buffers at whose indices arithmetic on data may wrap around; set by the pass that flattens indices. */
  readonly wrapping: ReadonlySet<Buffer>;
  /** Inputs that other programs make; what is in a texture is copied to it from a buffer. */
  readonly activations: ReadonlySet<Buffer>;
  /** Layouts of inputs in textures. */
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

/** Gives the variables that are always the same for all threads of a workgroup: its index, and the shapes. */
export function workgroupVars(draft: KernelDraft): ReadonlySet<Var> {
  return threadVars(draft, "blockIdx").union(new Set(draft.shapeVars));
}
