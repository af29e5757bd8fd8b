/**
 * A kernel that reads more buffers than the device binds reads copies of the smallest, side by side in one buffer:
 *
 *                                     for i in range(64):
 *                                       packed[i] = A[i]
 *     for i in range(64):             for i in range(64):
 *       C[i] = A[i] + B[i]     →        packed[64 + i] = B[i]
 *                                     for i in range(64):
 *                                       C[i] = packed[i] + packed[64 + i]
 */
import {
  add,
  binary,
  block,
  constant,
  forLoop,
  iterVar,
  load,
  lt,
  mul,
  seq,
  store,
  variable,
} from "../ir/build.ts";
import { elementsOf } from "../ir/elements.ts";
import type { Buffer, Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Stmt } from "../ir/stmt.ts";
import { rewriteExprs, walkOnce } from "../ir/visit.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { Target } from "../target/target.ts";
import { blocksIn } from "./kernel_draft.ts";
import { unstored } from "../ir/stored.ts";

/** Elements to which each copy is aligned, so that vectors of four stay whole. */
const ALIGNMENT = 4;

/** Packs inputs of kernels that need more storage buffers than the target binds; the same program where none does. */
export function packBuffers(func: PrimFunc, target: Target): PrimFunc {
  const nests = func.body.kind === "seq" ? func.body.body : [func.body];
  const names = new Set([...func.params, ...func.allocs].map((b) => b.name));
  const blocks = new Set(blocksIn(func.body).map((b) => b.name));
  const made: Buffer[] = [];
  const body = nests.flatMap((nest) => {
    const groups = groupsOf(nest, target.limits.maxStorageBuffers);
    return groups.reduce<readonly Stmt[]>((stmts, group) => {
      const packed = pack(group, fresh("packed", names), target, blocks);
      made.push(packed.buffer);
      const main = stmts.at(-1) as Stmt;
      return [...stmts.slice(0, -1), ...packed.copies, readPacked(main, packed)];
    }, [nest]);
  });
  return made.length === 0 ? func : func.with({ body: seq(...body), allocs: [...func.allocs, ...made] });
}

/** The buffers of a nest that have to lie together, a group for each type of element; none where all can be bound, or packing does not suffice. */
function groupsOf(nest: Stmt, most: number): readonly (readonly Buffer[])[] {
  const read = new Set<Buffer>(), written = new Set<Buffer>();
  walkOnce(
    nest,
    (s) => s.kind === "store" && s.buffer.scope === "global" && written.add(s.buffer),
    (e) => e.kind === "load" && e.buffer.scope === "global" && read.add(e.buffer),
  );
  let count = read.union(written).size;
  if (count <= most) return [];
  const size = (b: Buffer) => elementsOf(b.shape) ?? Infinity;
  const kinds = [...Map.groupBy(read.difference(written), (b) => b.dtype).values()];
  const groups: (readonly Buffer[])[] = [];
  for (const kind of kinds.toSorted((a, b) => b.length - a.length)) {
    const group = kind.toSorted((a, b) => size(a) < size(b) ? -1 : size(a) > size(b) ? 1 : 0)
      .slice(0, count - most + 1);
    if (group.length < 2 || count <= most) continue;
    groups.push(group);
    count -= group.length - 1;
  }
  return count <= most ? groups : [];
}

interface Packed {
  readonly buffer: Buffer;
  readonly offsets: ReadonlyMap<Buffer, Expr>;
  readonly copies: readonly Stmt[];
}

function pack(group: readonly Buffer[], name: string, { limits }: Target, blocks: Set<string>): Packed {
  const analyzer = new Analyzer();
  const offsets = new Map<Buffer, Expr>();
  let end: Expr = constant(0);
  for (const b of group) {
    offsets.set(b, end);
    const size = analyzer.simplify(elements(b));
    end = analyzer.simplify(
      add(end, size.kind === "const" ? Math.ceil(size.value / ALIGNMENT) * ALIGNMENT : size),
    );
  }
  const first = group[0] as Buffer;
  const buffer: Buffer = { ...unstored(first), name, shape: [end], scope: "global" };
  const threads = Math.min(256, limits.maxInvocations, limits.maxWorkgroupSize[0] ?? 1);
  const copies = group.map((from) => {
    const size = analyzer.simplify(elements(from));
    const own = fresh(`${name}_${from.name}`, blocks);
    const x = variable(`${own}_x`), t = variable(`${own}_t`), v = variable(`v${own}`);
    const at = add(mul(x, threads), t);
    const copy = block(
      own,
      [iterVar(v, size)],
      [at],
      store(buffer, [add(offsets.get(from) as Expr, v)], load(from, ...unflatten(v, from.shape))),
      { where: lt(at, size) },
    );
    const groups = binary("floordiv", add(size, threads - 1), threads);
    return forLoop(x, groups, forLoop(t, threads, copy, "threadIdx.x"), "blockIdx.x");
  });
  return { buffer, offsets, copies };
}

function readPacked(nest: Stmt, { buffer, offsets }: Packed): Stmt {
  return rewriteExprs(nest, (e) => {
    const offset = e.kind === "load" ? offsets.get(e.buffer) : undefined;
    if (e.kind !== "load" || offset === undefined) return e;
    const flat = e.indices.reduce<Expr>(
      (at, index, d) => add(mul(at, e.buffer.shape[d] as Expr), index),
      constant(0),
    );
    return load(buffer, add(offset, flat));
  });
}

function elements(b: Buffer): Expr {
  return b.shape.reduce<Expr>((n, d) => mul(n, d), constant(1));
}

/** The indices of element `flat` of a tensor of this shape. */
function unflatten(flat: Expr, shape: readonly Expr[]): readonly Expr[] {
  const indices: Expr[] = [];
  let rest = flat;
  for (let d = shape.length - 1; d >= 0; d--) {
    const extent = shape[d] as Expr;
    indices.unshift(d === 0 ? rest : binary("floormod", rest, extent));
    rest = binary("floordiv", rest, extent);
  }
  return indices;
}

function fresh(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let k = 1; taken.has(name); k++) name = `${wanted}_${k}`;
  taken.add(name);
  return name;
}
