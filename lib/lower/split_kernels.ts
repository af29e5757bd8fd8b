/** Makes a kernel of each top-level loop nest. */
import type { Buffer } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { ALIGN, alignOf, ATOMIC, DOUBLE, isAtomicType, PREPARE } from "../ir/annotations.ts";
import { readOnlyOf } from "../ir/parameters.ts";
import type { Block, Stmt } from "../ir/stmt.ts";
import { readsBuffer, reducerOf } from "../ir/reducer.ts";
import { walkStmt } from "../ir/visit.ts";
import { accessesOf } from "./buffer_accesses.ts";
import { blocksIn, isThreadTag, type KernelDraft, type Layout } from "./kernel_draft.ts";
import { LowerError } from "./error.ts";

export function splitKernels(func: PrimFunc): readonly KernelDraft[] {
  const nests = func.body.kind === "seq" ? func.body.body : [func.body];
  const outer = new Set<Buffer>([...func.params, ...func.allocs.filter((b) => b.scope === "global")]);
  const activations = new Set(func.params.filter((b) => func.activations.includes(b.name)));
  const owner = new Map<Buffer, number>();
  const fixed = new Set<Buffer>(readOnlyOf(func));
  return nests.map((body, k): KernelDraft => {
    const blocks = blocksIn(body), last = blocks.at(-1)?.name;
    walkStmt(
      body,
      (s) => s.kind === "store" && own(s.buffer, k),
      (e) => e.kind === "load" && own(e.buffer, k),
    );
    if (!hasThreads(body)) {
      throw new LowerError(
        `cannot make a kernel of ${
          blocks.map((b) => b.name).join(", ")
        }: none of its loops is bound to a thread; ` +
          `schedule the program first, dlight.schedule does it for any program`,
      );
    }
    return {
      name: nests.length === 1 ? func.name : `${func.name}_${last ?? k}`,
      prepares: isPreparation(body, blocks, fixed, func.params),
      body,
      shapeVars: func.shapeVars,
      outer,
      layouts: layoutsOf(blocks),
      threads: new Map(),
      sharedGlobals: new Set(),
      atomics: atomicsOf(blocks),
      lanes: new Map(),
      wrapping: new Set(),
      activations,
      textures: new Map(),
    };
  });

  function own(b: Buffer, k: number): void {
    if (outer.has(b)) return;
    const first = owner.get(b) ?? k;
    owner.set(b, first);
    if (first !== k) {
      throw new LowerError(
        `cannot keep ${b.name} in ${b.scope} memory: two kernels use it; give it scope global, or move its ` +
          `producer under its consumer's loops (computeAt)`,
      );
    }
  }
}

/**
 * Tells whether the blocks of a nest are annotated to prepare inputs. Adds the buffers that they write to `fixed`.
 *
 * @throws {LowerError} where they read a buffer that is not in `fixed`
 */
function isPreparation(
  body: Stmt,
  blocks: readonly Block[],
  fixed: Set<Buffer>,
  params: readonly Buffer[],
): boolean {
  if (blocks.length === 0 || blocks.some((b) => b.annotations[PREPARE] !== true)) return false;
  const refuse = (why: string) => {
    const name = blocks.at(-1)?.name;
    throw new LowerError(
      `cannot prepare ${name} before the program runs: ${why}; only inputs can be prepared`,
    );
  };
  walkStmt(body, (s) => {
    if (s.kind !== "store") return;
    if (params.includes(s.buffer)) refuse(`it writes ${s.buffer.name}, a result`);
    fixed.add(s.buffer);
  }, (e) => {
    if (e.kind === "load" && !fixed.has(e.buffer)) {
      refuse(`it reads ${e.buffer.name}, which the program makes`);
    }
  });
  return true;
}

/** Gives the layouts that blocks' annotations state for the buffers that they write. */
function layoutsOf(blocks: readonly Block[]): ReadonlyMap<Buffer, Layout> {
  const found = new Map<Buffer, Layout>();
  for (const { body, annotations } of blocks) {
    const note = annotations[ALIGN], doubled = annotations[DOUBLE] === true;
    if (body.kind !== "store" || (note === undefined && !doubled)) continue;
    const { buffer } = body;
    const align = note === undefined ? undefined : alignOf(`${note}`, buffer.shape.length);
    if (note !== undefined && !align) {
      throw new LowerError(
        `cannot align ${buffer.name} to "${note}": say an axis before the last one, a factor, and an offset ` +
          `below it, as storageAlign does`,
      );
    }
    found.set(buffer, { doubled, ...(align ? { align } : {}) });
  }
  return found;
}

/**
 * Gives the buffers that blocks update atomically.
 *
 * @throws {LowerError} where there is no atomic update, or the kernel accesses the buffer in another way, too
 */
function atomicsOf(blocks: readonly Block[]): ReadonlySet<Buffer> {
  const found = new Set<Buffer>();
  for (const b of blocks) {
    if (b.annotations[ATOMIC] !== true) continue;
    const refuse = (why: string) => {
      throw new LowerError(`cannot make ${b.name} atomic: ${why}`);
    };
    if (b.body.kind !== "store" || b.init || !reducerOf(b.body)) {
      return refuse("it is not x = x op y, or has an init");
    }
    const { buffer } = b.body;
    if (!isAtomicType(buffer.dtype) || buffer.stored || buffer.scope !== "global") {
      return refuse(`${buffer.name} is no global i32, u32 or f32`);
    }
    const others = blocks.filter((x) => x !== b);
    if (others.some((x) => accessesOf(x).has(buffer)) || b.body.indices.some((e) => readsBuffer(e, buffer))) {
      return refuse(`its kernel uses ${buffer.name} in another way`);
    }
    found.add(buffer);
  }
  return found;
}

function hasThreads(s: Stmt): boolean {
  let found = false;
  walkStmt(s, (x) => {
    if (x.kind === "for" && isThreadTag(x.loop)) found = true;
  });
  return found;
}
