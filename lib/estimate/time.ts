import type { Scope } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Target } from "../target/target.ts";
import { type FeatureInput, isOutside, issued, iterationsOf, opsOf, sizesOf, touched } from "./accesses.ts";
import { hasBanks, type Machine, machineOf, valuesInRegisters } from "./machines.ts";
import { registersOf } from "./registers.ts";
import { type StoreNest, storeNestsOf } from "./store_nests.ts";
import { extraPasses, type Pitches, sharedPitches } from "./warp_access.ts";
import { storageBytes, storageOf } from "../ir/stored.ts";

const SCOPES = ["global", "texture", "uniform", "shared"] as const;

const TARGET = [
  /** Nanoseconds of the whole program on a device that is always busy. */
  ...SCOPES.map((s) => `target.${s}Ns`),
  "target.computeNs",
  /** Workgroups that fit the device at a time, by their threads and by their workgroup memory. */
  "target.groupsAtOnce",
  /** Rounds of that many workgroups. */
  "target.rounds",
  /** Share of lanes that have a thread, of the last round's room that is used, of the device that is kept busy. */
  "target.lanes",
  "target.tail",
  "target.busy",
  /** The estimated time, and its ratio to the time of a perfect schedule. */
  "target.ns",
  "target.aboveRoofline",
  /** Iterations of loops for each that the driver allows. */
  "target.turns",
] as const;

export const targetNames: readonly string[] = TARGET;

/** Estimates the time of a scheduled program from its kind of device, nanoseconds. It ranks schedules only. */
export function estimatedNs(func: PrimFunc, target: Target): number {
  return targetFeatures({ func, leaves: storeNestsOf(func), target })[TARGET.indexOf("target.ns")] ??
    Infinity;
}

export function targetFeatures({ func, leaves, target }: FeatureInput): readonly number[] {
  const machine = machineOf(target);
  const most = (f: (leaf: StoreNest) => number) => leaves.reduce((m, leaf) => Math.max(m, f(leaf)), 1);
  const groups = most((leaf) => iterationsOf(leaf, "group"));
  const threads = most((leaf) => iterationsOf(leaf, "thread", "threadX"));
  const inStep = machine.alongX ? most((leaf) => iterationsOf(leaf, "threadX")) : threads;
  const steps = Math.ceil(inStep / machine.width) * (threads / inStep);
  const lanes = threads / (steps * machine.width);
  const { sharedBytes } = sizesOf(func, leaves);
  // A GPU is busy with the few workgroups that fit, where a thread makes many results.
  const byMemory = sharedBytes > 0 && !hasBanks(machine)
    ? MEMORIES * target.limits.maxSharedBytes / sharedBytes
    : Infinity;
  const groupsAtOnce = Math.max(1, Math.floor(Math.min(machine.atOnce / (steps * machine.width), byMemory)));
  const rounds = Math.ceil(groups / groupsAtOnce);
  const tail = groups / (rounds * groupsAtOnce);
  const busy = Math.min(1, groupsAtOnce * steps * machine.width / machine.atOnce) * tail;

  // By `width` threads at a time, over the whole device.
  const together = machine.atOnce / machine.width;
  const pitches = hasBanks(machine) ? sharedPitches(leaves) : undefined;
  const byScope = SCOPES.map((scope) => trafficNs(leaves, scope, machine, pitches) / together);
  const computeNs = leaves.reduce((s, leaf) => s + leaf.iterations * opsOf(leaf), 0) * machine.opNs /
    machine.atOnce;
  const memoryNs = byScope.reduce((a, b) => a + b, 0);
  // Where threads run in step and share banks, an access takes time that no arithmetic hides.
  const workNs = hasBanks(machine) ? memoryNs + computeNs : Math.max(memoryNs, computeNs);
  const ns = Math.max(workNs * spilling(leaves, machine), outsideBytes(leaves) * machine.byteNs) /
    Math.max(busy, 1 / machine.atOnce) / lanes;
  const iterations = most((leaf) => iterationsOf(leaf, "serial"));
  return [
    ...byScope,
    computeNs,
    groupsAtOnce,
    rounds,
    lanes,
    tail,
    busy,
    ns,
    ns / Math.max(1e-3, roofline(leaves, machine, target)),
    iterations / target.limits.maxLoopIterations,
  ];
}

/** Workgroup memories of a device, at least; a program that fills none can't use more. */
const MEMORIES = 16;

/** Nanoseconds of all loads and stores of a scope, one set of `width` threads after the other. */
function trafficNs(
  leaves: readonly StoreNest[],
  scope: Scope,
  { width, loadNs, storeNs, passNs }: Machine,
  pitches: Pitches | undefined,
): number {
  let ns = 0;
  for (const leaf of leaves) {
    const threads = iterationsOf(leaf, "group", "thread", "threadX");
    for (const a of [leaf.store, ...leaf.loads]) {
      if (a.buffer.scope !== scope) continue;
      const passes = pitches ? extraPasses(a, leaf, width, pitches.get(a.buffer)) * passNs : 0;
      ns += issued(leaf, a) * threads / width * ((a === leaf.store ? storeNs : loadNs)[scope] + passes);
    }
  }
  return ns;
}

/** Growth of the time for each hundred values that spill, as fitted to the same tiles as the costs of a GPU. */
const SPILL = 2.7;

/** The factor by which values that don't stay in registers lengthen the time. */
function spilling(leaves: readonly StoreNest[], machine: Machine): number {
  return machine.registers === Infinity
    ? 1
    : 1 + SPILL * Math.max(0, registersOf(leaves) - valuesInRegisters(machine)) / 100;
}

/** Bytes that workgroups take from outside: each takes an element that its threads share once. */
function outsideBytes(leaves: readonly StoreNest[]): number {
  let bytes = 0;
  for (const leaf of leaves) {
    const own = [...leaf.loops.keys()].filter((l) => leaf.loops[l]?.role !== "group");
    for (const a of leaf.loads.filter(isOutside)) {
      bytes += iterationsOf(leaf, "group") * touched(a, leaf, own) * storageBytes(storageOf(a.buffer));
    }
  }
  return bytes;
}

/** Gives the time of a perfect schedule, nanoseconds: it touches each outside element once and computes at peak rate. */
function roofline(
  leaves: readonly StoreNest[],
  { atOnce, loadNs, opNs }: Machine,
  { peaks }: Target,
): number {
  const elements = new Map<object, number>();
  let ops = 0;
  for (const leaf of leaves) {
    ops += leaf.iterations * opsOf(leaf);
    for (const a of [leaf.store, ...leaf.loads].filter(isOutside)) {
      const bytes = touched(a, leaf, [...leaf.loops.keys()]) * storageBytes(storageOf(a.buffer));
      elements.set(a.buffer, Math.max(bytes, elements.get(a.buffer) ?? 0));
    }
  }
  const bytes = [...elements.values()].reduce((a, b) => a + b, 0);
  const best = Math.min(loadNs.global, loadNs.texture);
  const byteNs = peaks ? 1 / Math.max(peaks.bufferGbps, peaks.textureGbps) : best / 16 / atOnce;
  return Math.max(bytes * byteNs, ops * opNs / atOnce);
}
