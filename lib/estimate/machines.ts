/** What the estimate knows of each kind of device. */
import type { Scope } from "../ir/expr.ts";
import type { Profile, Target } from "../target/target.ts";

/** The parallelism and the costs of a kind of device, to the order of magnitude. */
export interface Machine {
  /** Threads that run in step. */
  readonly width: number;
  /** True if those are threads along x only; false if they may continue in the next row. */
  readonly alongX: boolean;
  /** Threads, in step or not, that keep it busy. */
  readonly atOnce: number;
  /** Nanoseconds of one load by `width` threads, where `width` of them do nothing else. */
  readonly loadNs: Readonly<Record<Scope, number>>;
  /** Nanoseconds of one store by `width` threads. */
  readonly storeNs: Readonly<Record<Scope, number>>;
  /** Nanoseconds of each pass over memory that an access takes beyond the least; 0: it has no banks and lines. */
  readonly passNs: number;
  /** Nanoseconds of one operation by `width` threads. */
  readonly opNs: number;
  /** Nanoseconds of a byte that a workgroup takes from outside, over the whole device; 0: `loadNs` says it all. */
  readonly byteNs: number;
  /** Values that a thread holds in registers without spilling. */
  readonly registers: number;
}

const OP_NS = 0.5;
/** Operations in the time of one byte from the last cache: 35 TFLOP/s by some 2.5 TB/s, as on an RTX 3090. */
const OPS_PER_BYTE = 14;

/**
 * A GPU, in operations. The costs of loads, stores, passes and spilling are fitted to the times of 352 tiles of SGEMM 4096³
 * on an RTX 3090 and an RTX 2080 Ti (Kernel Tuner's benchmark hub, MIT; `deno task bench:gpu-evidence`).
 */
function gpu(atOnce: number, registers: number, width = 32): Machine {
  const inOps = (ops: number) => ops * OP_NS;
  return {
    width,
    alongX: false,
    atOnce,
    loadNs: { global: inOps(8), texture: inOps(5), uniform: inOps(2), shared: inOps(2.4), local: 0 },
    storeNs: { global: inOps(8), texture: inOps(8), uniform: inOps(2), shared: inOps(20), local: 0 },
    passNs: inOps(18),
    opNs: OP_NS,
    byteNs: OPS_PER_BYTE * OP_NS / atOnce,
    registers,
  };
}

/** Registers of a thread: of NVIDIA 255, AMD 256, Intel 128 at 16 lanes, Apple and Adreno some 128, Mali 64. */
const GENERIC = gpu(16384, 128);

/** One that reads lane by lane, or one element at a time: what a load costs depends on its memory alone. */
function scalar(machine: Pick<Machine, "width" | "alongX" | "atOnce" | "loadNs" | "opNs">): Machine {
  return { ...machine, storeNs: machine.loadNs, passNs: 0, byteNs: 0, registers: Infinity };
}

const MALI = gpu(8192, 64, 16);

const MACHINES: Readonly<Record<Profile, Machine>> = {
  "generic-webgpu": GENERIC,
  nvidia: gpu(65536, 255),
  amd: gpu(65536, 256),
  intel: gpu(8192, 128, 16),
  apple: GENERIC,
  "qualcomm-adreno": gpu(8192, 128, 64),
  // Its workgroup memory lies in the same memory as everything else.
  "arm-mali": { ...MALI, loadNs: { ...MALI.loadNs, shared: MALI.loadNs.global } },
  // Measured with Mesa 22.3: buffers are read lane by lane, whatever memory they are in; storage textures are not.
  // Lanes are eight threads along x: a workgroup of 1 x 8 has one in each.
  llvmpipe: scalar({
    width: 8,
    alongX: true,
    atOnce: 16,
    loadNs: { global: 70, texture: 6, uniform: 10, shared: 70, local: 0 },
    opNs: 0.25,
  }),
  // Generated WebAssembly: one thread, and memory is memory.
  cpu: scalar({
    width: 1,
    alongX: false,
    atOnce: 1,
    loadNs: { global: 1, texture: 1, uniform: 1, shared: 1, local: 0 },
    opNs: 1,
  }),
};

/** Tells whether threads that run in step share the banks and lines of a memory. */
export function hasBanks({ passNs }: Machine): boolean {
  return passNs > 0;
}

/** Share of the registers that hold values; addresses and counters take the others. */
const VALUES = 0.75;

/** Values that a thread holds without spilling any. */
export function valuesInRegisters({ registers }: Machine): number {
  return VALUES * registers;
}

/** Threads of a core that are busy at a time. */
const CORE = 1024;

/** The cores over which workgroups spread; undefined where threads are no GPU's. */
export function coresOf({ profile }: Target): number | undefined {
  const machine = MACHINES[profile];
  return hasBanks(machine) ? machine.atOnce / CORE : undefined;
}

/** The machine of a target. Measured peaks replace the costs of its kind. */
export function machineOf({ profile, peaks }: Target): Machine {
  const machine = MACHINES[profile];
  if (!peaks) return machine;
  const { bufferGbps, textureGbps, gflops } = peaks, { atOnce } = machine;
  const opNs = atOnce / gflops;
  const scaled = <K extends string>(
    costs: Readonly<Record<K, number>>,
    by: number,
  ): Readonly<Record<K, number>> =>
    Object.fromEntries(Object.entries<number>(costs).map(([k, ns]) => [k, ns * by])) as Record<K, number>;
  if (hasBanks(machine)) {
    const by = opNs / machine.opNs;
    return {
      ...machine,
      loadNs: scaled(machine.loadNs, by),
      storeNs: scaled(machine.storeNs, by),
      passNs: machine.passNs * by,
      opNs,
      byteNs: 1 / bufferGbps,
    };
  }
  // Sixteen bytes a lane, over all lanes of the device.
  const ns = (gbps: number) => 16 * atOnce / gbps;
  const loadNs = {
    ...scaled(machine.loadNs, ns(bufferGbps) / machine.loadNs.global),
    texture: textureGbps > 0 ? ns(textureGbps) : machine.loadNs.texture,
  };
  return { ...machine, loadNs, storeNs: loadNs, opNs };
}
