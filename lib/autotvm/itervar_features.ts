/**
 * AutoTVM's per-loop features (lengths, strides, touched elements, reuse), summed by the role of a loop in the hardware
 * and not by its place in the nest. A column thus means the same at every point of a space.
 */
import type { Scope } from "../ir/expr.ts";
import {
  busiest,
  type FeatureInput,
  issuedTo,
  iterationsOf,
  loopsOf,
  opsOf,
  sizesOf,
  touched,
} from "../estimate/accesses.ts";
import { type NestAccess, OPS, ROLES, type StoreNest } from "../estimate/store_nests.ts";

/** Stores with columns of their own: those that run most often. */
const LEAVES = 3;
/** Loads of each of them. */
const LOADS = 2;
const SCOPES: readonly Scope[] = ["global", "shared", "local", "texture", "uniform"];

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
  /** Iterations of loops that are not unrolled. */
  "serialTurns",
  /** Stores in the unrolled text. */
  "unrolledStores",
  "flops",
  /** Loads and stores that a thread issues; a vector of neighbours is one. */
  "loads.global",
  "loads.shared",
  "loads.texture",
  "loads.uniform",
  "stores.global",
  "stores.shared",
  /** Floating-point operations for each load that leaves the registers. */
  "intensity",
] as const;

const ACCESS = [
  ...SCOPES,
  /** Distinct elements that all loops of the role touch together, and accesses per element. */
  ...ROLES.flatMap((r) => [`${r}.touched`, `${r}.reuse`]),
  /** The stride of the innermost loop of the role that moves the access. */
  ...ROLES.map((r) => `${r}.stride`),
];

export const itervarNames: readonly string[] = [
  ...TOTALS,
  ...Array.from({ length: LEAVES }, (_, i) => [
    ...ROLES.map((r) => `store${i}.${r}.length`),
    ...OPS.map((op) => `store${i}.${op}`),
    ...["out", ...Array.from({ length: LOADS }, (_, k) => `in${k}`)].flatMap((a) =>
      ACCESS.map((name) => `store${i}.${a}.${name}`)
    ),
  ]).flat(),
];

export function itervarFeatures(scheduled: FeatureInput): readonly number[] {
  const busy = busiest(scheduled.leaves, LEAVES);
  return [
    ...totals(scheduled),
    ...Array.from({ length: LEAVES }, (_, i) => leafColumns(busy[i])).flat(),
  ];
}

function totals({ func, leaves }: FeatureInput): readonly number[] {
  const most = (f: (leaf: StoreNest) => number) => leaves.reduce((m, leaf) => Math.max(m, f(leaf)), 0);
  const sum = (f: (leaf: StoreNest) => number) => leaves.reduce((s, leaf) => s + f(leaf), 0);
  const loads = (scope: Scope) => issuedTo(leaves, "load", scope);
  const flops = sum((leaf) => iterationsOf(leaf, "serial", "unrolled", "vector") * opsOf(leaf));
  const outside = loads("global") + loads("shared") + loads("texture") + loads("uniform");
  const { sharedBytes, registers } = sizesOf(func, leaves);
  const amounts: Readonly<Record<typeof TOTALS[number], number>> = {
    workgroups: most((leaf) => iterationsOf(leaf, "group")),
    threads: most((leaf) => iterationsOf(leaf, "thread", "threadX")),
    threadsX: most((leaf) => iterationsOf(leaf, "threadX")),
    kernels: func.body.kind === "seq" ? func.body.body.length : 1,
    sharedBytes,
    registers,
    serialTurns: sum((leaf) => iterationsOf(leaf, "serial")),
    unrolledStores: sum((leaf) => iterationsOf(leaf, "unrolled")),
    flops,
    "loads.global": loads("global"),
    "loads.shared": loads("shared"),
    "loads.texture": loads("texture"),
    "loads.uniform": loads("uniform"),
    "stores.global": issuedTo(leaves, "store", "global"),
    "stores.shared": issuedTo(leaves, "store", "shared"),
    intensity: flops / Math.max(1, outside),
  };
  return TOTALS.map((name) => amounts[name]);
}

function leafColumns(leaf: StoreNest | undefined): readonly number[] {
  const width = ROLES.length + OPS.length + (1 + LOADS) * ACCESS.length;
  if (!leaf) return Array<number>(width).fill(0);
  const accesses = [leaf.store, ...Array.from({ length: LOADS }, (_, k) => leaf.loads[k])];
  return [
    ...ROLES.map((role) => iterationsOf(leaf, role)),
    ...OPS.map((op) => leaf.ops[op]),
    ...accesses.flatMap((a) => accessColumns(leaf, a)),
  ];
}

function accessColumns(leaf: StoreNest, access: NestAccess | undefined): readonly number[] {
  if (!access) return Array<number>(ACCESS.length).fill(0);
  return [
    ...SCOPES.map((scope) => (access.buffer.scope === scope ? 1 : 0)),
    ...ROLES.flatMap((role) => {
      const elements = touched(access, leaf, loopsOf(leaf, role));
      return [elements, iterationsOf(leaf, role) / elements];
    }),
    ...ROLES.map((role) =>
      Math.abs(loopsOf(leaf, role).map((i) => access.strides[i] ?? 0).findLast((s) => s !== 0) ?? 0)
    ),
  ];
}
