/** Each top-level loop nest is a kernel of its own. */
import type { Buffer } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { inputsOf } from "../ir/outputs.ts";
import type { Block, Stmt } from "../ir/stmt.ts";
import { walkStmt } from "../ir/visit.ts";
import type { Draft, Layout } from "./draft.ts";
import { isThreadTag } from "./draft.ts";
import { LowerError } from "./error.ts";

export function splitKernels(func: PrimFunc): readonly Draft[] {
  const nests = func.body.kind === "seq" ? func.body.body : [func.body];
  const outer = new Set<Buffer>([...func.params, ...func.allocs.filter((b) => b.scope === "global")]);
  const owner = new Map<Buffer, number>();
  const fixed = new Set<Buffer>(inputsOf(func));
  return nests.map((body, k): Draft => {
    const names = blocksOf(body);
    walkStmt(
      body,
      (s) => s.kind === "store" && own(s.buffer, k),
      (e) => e.kind === "load" && own(e.buffer, k),
    );
    if (!hasThreads(body)) {
      throw new LowerError(
        `cannot make a kernel of ${names.join(", ")}: none of its loops is bound to a thread; ` +
          `schedule the program first, dlight.schedule does it for any program`,
      );
    }
    return {
      name: nests.length === 1 ? func.name : `${func.name}_${names.at(-1) ?? k}`,
      prepares: isPreparation(body, fixed, func.params),
      body,
      shapeVars: func.shapeVars,
      outer,
      layouts: layoutsIn(body),
      threads: new Map(),
      exchanged: new Set(),
      lanes: new Map(),
      packs: new Map(),
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
 * Whether the blocks of a nest are annotated to prepare inputs. What they write is added to what is `fixed`.
 *
 * @throws {LowerError} where they read what is not
 */
function isPreparation(body: Stmt, fixed: Set<Buffer>, params: readonly Buffer[]): boolean {
  const blocks: Block[] = [];
  walkStmt(body, (s) => s.kind === "block" && blocks.push(s));
  if (blocks.length === 0 || blocks.some((b) => b.annotations.prepare !== true)) return false;
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

/** What blocks' annotations say of the buffers that they write. */
function layoutsIn(body: Stmt): ReadonlyMap<Buffer, Layout> {
  const found = new Map<Buffer, Layout>();
  walkStmt(body, (s) => {
    if (s.kind !== "block" || s.body.kind !== "store") return;
    const { buffer_dim_align: align, double_buffer_scope: doubled } = s.annotations;
    if (align === undefined && doubled !== true) return;
    const [axis = NaN, factor = NaN, offset = NaN] = `${align}`.split(",").map(Number);
    const whole = [axis, factor, offset].every((n) => Number.isInteger(n) && n >= 0);
    if (align !== undefined && !(whole && factor > offset && axis < s.body.buffer.shape.length - 1)) {
      throw new LowerError(
        `cannot align ${s.body.buffer.name} to "${align}": say an axis before the last one, a factor, and an offset ` +
          `below it, as storageAlign does`,
      );
    }
    found.set(s.body.buffer, {
      doubled: doubled === true,
      ...(align === undefined ? {} : { align: { axis, factor, offset } }),
    });
  });
  return found;
}

function blocksOf(s: Stmt): readonly string[] {
  const names: string[] = [];
  walkStmt(s, (x) => x.kind === "block" && names.push(x.name));
  return names;
}

function hasThreads(s: Stmt): boolean {
  let found = false;
  walkStmt(s, (x) => {
    if (x.kind === "for" && isThreadTag(x.loop)) found = true;
  });
  return found;
}
