/**
 * What a cost model sees of a scheduled program: AutoTVM's per-loop features (lengths, strides, touched
 * elements, reuse), but summed up by what a loop is to the hardware and not by its place in the nest, so that
 * the same column means the same thing at every point of a space. Every quantity is log2(1 + x).
 */
import { bytesOf } from "../ir/dtype.ts";
import type { Buffer, Scope, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { type Access, type Leaf, leavesOf, type Loop, OPS, type Role, ROLES } from "./leaves.ts";

/** Stores that get columns of their own: those that are run most often. */
const LEAVES = 3;
/** Loads of each of them. */
const LOADS = 2;
const SCOPES: readonly Scope[] = ["global", "shared", "local", "texture"];

/** Per-thread amounts and sizes of the whole program. */
const TOTALS = [
  "workgroups",
  "threads",
  "threadsX",
  "kernels",
  /** Bytes of workgroup memory. */
  "sharedBytes",
  /** Elements of `local` buffers. */
  "registers",
  /** Turns of loops that stay loops. */
  "serialTurns",
  /** Stores in the unrolled text. */
  "unrolledStores",
  "flops",
  /** Loads and stores that a thread issues; a vector of neighbours is one. */
  "loads.global",
  "loads.shared",
  "loads.texture",
  "stores.global",
  "stores.shared",
  /** Floating-point operations for each load that leaves the registers. */
  "intensity",
] as const;

const ACCESS = [
  ...SCOPES,
  /** Distinct elements that all loops of the role together touch, and how often each is touched. */
  ...ROLES.flatMap((r) => [`${r}.touched`, `${r}.reuse`]),
  /** Of the innermost loop of the role that moves. */
  ...ROLES.map((r) => `${r}.stride`),
];

/** The name of each feature, in order. */
export const featureNames: readonly string[] = [
  ...TOTALS,
  ...Array.from({ length: LEAVES }, (_, i) => [
    ...ROLES.map((r) => `store${i}.${r}.length`),
    ...OPS.map((op) => `store${i}.${op}`),
    ...["out", ...Array.from({ length: LOADS }, (_, k) => `in${k}`)].flatMap((a) =>
      ACCESS.map((name) => `store${i}.${a}.${name}`)
    ),
  ]).flat(),
];

/** The features of a program, one for each of `featureNames`. Shape variables count as 512. */
export function loopFeatures(func: PrimFunc): Float64Array {
  const leaves = leavesOf(func);
  const busiest = leaves.toSorted((a, b) => b.turns - a.turns).slice(0, LEAVES);
  const out = totals(func, leaves);
  for (let i = 0; i < LEAVES; i++) out.push(...leafColumns(busiest[i]));
  return Float64Array.from(out, (x) => Math.log2(1 + x));
}

/** The product of the extents of the loops of some roles. */
function turnsOf(leaf: Leaf, ...roles: readonly Role[]): number {
  return leaf.loops.reduce((n, l) => roles.includes(l.role) ? n * l.extent : n, 1);
}

function totals(func: PrimFunc, leaves: readonly Leaf[]): number[] {
  const most = (f: (leaf: Leaf) => number) => leaves.reduce((m, leaf) => Math.max(m, f(leaf)), 0);
  const sum = (f: (leaf: Leaf) => number) => leaves.reduce((s, leaf) => s + f(leaf), 0);
  const perThread = (leaf: Leaf) => turnsOf(leaf, "serial", "unrolled", "vector");
  const loads = (scope: Scope) =>
    sum((leaf) =>
      leaf.loads.filter((a) => a.buffer.scope === scope).reduce((s, a) => s + issued(leaf, a), 0)
    );
  const stores = (scope: Scope) =>
    sum((leaf) => leaf.store.buffer.scope === scope ? issued(leaf, leaf.store) : 0);
  const flops = sum((leaf) => perThread(leaf) * OPS.reduce((s, op) => s + leaf.ops[op], 0));
  const outside = loads("global") + loads("shared") + loads("texture");
  const sizes = (scope: Scope) =>
    func.allocs.filter((b) => b.scope === scope)
      .map((b) => ({ buffer: b, elements: lifetimeElements(b, leaves) }));
  const amounts: Readonly<Record<typeof TOTALS[number], number>> = {
    workgroups: most((leaf) => turnsOf(leaf, "group")),
    threads: most((leaf) => turnsOf(leaf, "thread", "threadX")),
    threadsX: most((leaf) => turnsOf(leaf, "threadX")),
    kernels: func.body.kind === "seq" ? func.body.body.length : 1,
    sharedBytes: sizes("shared").reduce((s, b) => s + b.elements * bytesOf(b.buffer.dtype), 0),
    registers: sizes("local").reduce((s, b) => s + b.elements, 0),
    serialTurns: sum((leaf) => turnsOf(leaf, "serial")),
    unrolledStores: sum((leaf) => turnsOf(leaf, "unrolled")),
    flops,
    "loads.global": loads("global"),
    "loads.shared": loads("shared"),
    "loads.texture": loads("texture"),
    "stores.global": stores("global"),
    "stores.shared": stores("shared"),
    intensity: flops / Math.max(1, outside),
  };
  return TOTALS.map((name) => amounts[name]);
}

/** Times that a thread issues the access; a vector loop over neighbours issues once. */
function issued(leaf: Leaf, access: Access): number {
  return leaf.loops.reduce((n, l, i) => {
    const perThread = l.role === "serial" || l.role === "unrolled" ||
      (l.role === "vector" && Math.abs(access.strides[i] ?? 0) > 1);
    return perThread ? n * l.extent : n;
  }, 1);
}

/**
 * Distinct elements that the chosen loops touch, at most: in each dimension what they span, or the turns of
 * those that move along it where they leap.
 */
function touched(access: Access, leaf: Leaf, loops: readonly number[]): number {
  return access.buffer.shape.reduce<number>((n, _, d) => {
    let span = 1, turns = 1;
    for (const l of loops) {
      const moved = access.spans[l]?.[d] ?? 0;
      span += moved;
      if (moved > 0) turns *= leaf.loops[l]?.extent ?? 1;
    }
    return n * Math.min(span, turns);
  }, 1);
}

/**
 * Elements of a `local` or `shared` buffer that live at a time: what its stores touch in the loops that its
 * stores and loads don't share, and, in workgroup memory, in the loops over threads.
 */
function lifetimeElements(buffer: Buffer, leaves: readonly Leaf[]): number {
  const users = leaves.filter((leaf) => [leaf.store, ...leaf.loads].some((a) => a.buffer === buffer));
  const isCommon = (v: Var) => users.every((leaf) => leaf.loops.some((l) => l.var === v));
  const sizes = users.filter((leaf) => leaf.store.buffer === buffer).map((leaf) => {
    const inside = [...leaf.loops.keys()].filter((i) => {
      const loop = leaf.loops[i] as Loop;
      const isThread = loop.role === "thread" || loop.role === "threadX";
      return !isCommon(loop.var) || (buffer.scope === "shared" && isThread);
    });
    return touched(leaf.store, leaf, inside);
  });
  return Math.max(0, ...sizes);
}

function leafColumns(leaf: Leaf | undefined): readonly number[] {
  const width = ROLES.length + OPS.length + (1 + LOADS) * ACCESS.length;
  if (!leaf) return Array<number>(width).fill(0);
  const accesses = [leaf.store, ...Array.from({ length: LOADS }, (_, k) => leaf.loads[k])];
  return [
    ...ROLES.map((role) => turnsOf(leaf, role)),
    ...OPS.map((op) => leaf.ops[op]),
    ...accesses.flatMap((a) => accessColumns(leaf, a)),
  ];
}

function accessColumns(leaf: Leaf, access: Access | undefined): readonly number[] {
  if (!access) return Array<number>(ACCESS.length).fill(0);
  const ofRole = (role: Role) => [...leaf.loops.keys()].filter((i) => leaf.loops[i]?.role === role);
  return [
    ...SCOPES.map((scope) => (access.buffer.scope === scope ? 1 : 0)),
    ...ROLES.flatMap((role) => {
      const elements = touched(access, leaf, ofRole(role));
      return [elements, turnsOf(leaf, role) / elements];
    }),
    ...ROLES.map((role) =>
      Math.abs(ofRole(role).map((i) => access.strides[i] ?? 0).findLast((s) => s !== 0) ?? 0)
    ),
  ];
}
