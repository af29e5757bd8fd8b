/** What is known of a scheduled program before it is measured: that no driver can run it well. */
import type { PrimFunc } from "../ir/func.ts";
import type { Profile, Target } from "../target/target.ts";
import { iterationsOf } from "./accesses.ts";
import { machineOf } from "./machines.ts";
import { registersOf } from "./registers.ts";
import { type StoreNest, storeNestsOf } from "./store_nests.ts";

/** Why a point is not worth measuring. */
export type RefusalKind =
  | "spills" // a thread holds more values than it has registers
  | "idle" // a workgroup has fewer threads than a subgroup
  | "exceeds"; // a workgroup needs more registers than a core has

/** A point that is not worth measuring, and why. */
export interface StaticRefusal {
  readonly kind: RefusalKind;
  /** In words: what was expected, and what the program has. */
  readonly message: string;
}

/** What a kind of GPU has. */
interface Core {
  /** The least number of threads in a subgroup. */
  readonly subgroup: number;
  /** Registers of 32 bits that all threads of a workgroup share. */
  readonly registers: number;
}

/**
 * NVIDIA has 65,536 registers a multiprocessor since Kepler (CUDA's programming guide, compute capabilities); AMD's RDNA
 * has 128 KiB of vector registers in each of the four SIMDs of a workgroup processor; Intel's Xe core has 16 vector
 * engines of 8 threads with 128 registers of 32 bytes; Apple's core has 208 KiB. Of the others only the width is known.
 */
const CORES: Readonly<Partial<Record<Profile, Core>>> = {
  nvidia: { subgroup: 32, registers: 65_536 },
  amd: { subgroup: 32, registers: 131_072 },
  intel: { subgroup: 8, registers: 131_072 },
  apple: { subgroup: 32, registers: 53_248 },
  "qualcomm-adreno": { subgroup: 64, registers: Infinity },
  "arm-mali": { subgroup: 16, registers: Infinity },
};

/**
 * Tells why a scheduled program is not worth measuring on a target; undefined where it may be. Devices whose registers
 * and subgroups are unknown, and those that run on a CPU, refuse nothing.
 */
export function staticRefusal(func: PrimFunc, target: Target): StaticRefusal | undefined {
  const core = CORES[target.profile];
  if (!core) return undefined;
  const leaves = storeNestsOf(func), machine = machineOf(target);
  const threads = most(leaves, (leaf) => iterationsOf(leaf, "thread", "threadX"));
  const subgroup = target.subgroups?.minSize ?? core.subgroup;
  if (threads < subgroup && elementsOf(leaves) >= subgroup) {
    return {
      kind: "idle",
      message: `expected at least ${subgroup} threads in a workgroup, as a subgroup has, got ${threads}`,
    };
  }
  const values = registersOf(leaves);
  if (values > machine.registers) {
    return {
      kind: "spills",
      message: `expected at most ${machine.registers} values in the registers of a thread, got ${values}`,
    };
  }
  if (values * threads > core.registers) {
    return {
      kind: "exceeds",
      message: `expected at most ${core.registers} values in the registers of a workgroup, got ${
        values * threads
      }: ${values} in each of ${threads} threads`,
    };
  }
  return undefined;
}

function most(leaves: readonly StoreNest[], f: (leaf: StoreNest) => number): number {
  return leaves.reduce((m, leaf) => Math.max(m, f(leaf)), 1);
}

/** Threads and workgroups together: a program with less than a subgroup's work can't have more threads. */
function elementsOf(leaves: readonly StoreNest[]): number {
  return most(leaves, (leaf) => leaf.iterations);
}
