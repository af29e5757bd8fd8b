/**
 * A space that looks like a matmul's of 512³, and made-up devices to be fast or slow on it. The numbers
 * follow no machine; they only have the traits that make such spaces hard: most points are illegal, the
 * effect of one knob depends on others, and neighbours differ by jumps.
 */
import { ConfigSpace } from "../../lib/space/config_space.ts";
import { DeclaringKnobs } from "../../lib/space/declaring_knobs.ts";
import { mix } from "../../lib/base/random.ts";

export type Preset = "generic" | "good";
export type Personality = "cpuLike" | "gpuLike";

interface Point {
  readonly ti: number;
  readonly tj: number;
  readonly ii: number;
  readonly jj: number;
  readonly kk: number;
  readonly a: string;
  readonly b: string;
  readonly aShared: boolean;
  readonly bShared: boolean;
  readonly vec: number;
  readonly unroll: number;
}

/** 55 × 55 × 10 × 2 × 2 × 2 × 2 × 2 × 4 points. */
export function matmulSpace(preset: Preset): ConfigSpace {
  const knobs = new DeclaringKnobs();
  const good = preset === "good";
  knobs.split("tile_i", 512, { parts: 3, preset: good ? [1, 8] : [8, 4] });
  knobs.split("tile_j", 512, { parts: 3, preset: good ? [8, 16] : [8, 4] });
  knobs.split("tile_k", 512, { parts: 2, preset: [8] });
  knobs.choice("a_storage", ["buffer", "texture"], good ? "texture" : "buffer");
  knobs.choice("b_storage", ["buffer", "texture"], good ? "texture" : "buffer");
  knobs.flag("a_shared", !good);
  knobs.flag("b_shared", !good);
  knobs.choice("vec", [1, 4], good ? 4 : 1);
  knobs.choice("unroll", [0, 16, 64, 256], 16);
  return new ConfigSpace(knobs.knobs);
}

function pointOf(space: ConfigSpace, index: number): Point {
  const c = space.at(index);
  const [ti = 1, ii = 1] = c.tile_i as readonly number[];
  const [tj = 1, jj = 1] = c.tile_j as readonly number[];
  const [kk = 1] = c.tile_k as readonly number[];
  return {
    ti,
    tj,
    ii,
    jj,
    kk,
    a: c.a_storage as string,
    b: c.b_storage as string,
    aShared: c.a_shared === true,
    bShared: c.b_shared === true,
    vec: c.vec as number,
    unroll: c.unroll as number,
  };
}

function sharedBytes(p: Point): number {
  return 4 * p.kk * ((p.aShared ? p.ti * p.ii : 0) + (p.bShared ? p.tj * p.jj : 0));
}

/** The reasons of a template: about two points of three are rejected. */
export function isLegal(space: ConfigSpace, index: number): boolean {
  const p = pointOf(space, index);
  const threads = p.ti * p.tj, registers = p.ii * p.jj + p.ii + p.jj;
  if (threads > 256 || registers > 600 || sharedBytes(p) > 16384) return false;
  if ((p.aShared && p.a === "texture") || (p.bShared && p.b === "texture")) return false;
  return p.vec === 1 || p.jj % 4 === 0;
}

/** GFLOP/s, between about 0.05 and 12; undefined where the candidate fails on the device. */
export function speedOf(space: ConfigSpace, index: number, device: Personality): number | undefined {
  const p = pointOf(space, index);
  const rugged = 0.85 + 0.3 * ((mix(index ^ 0x5bd1) >>> 0) / 2 ** 32);
  if ((mix(index ^ 0x77) >>> 0) % 29 === 0) return undefined;
  const ns = device === "cpuLike" ? cpuLike(p) : gpuLike(p);
  return rugged * 8 / ns;
}

/** Nanoseconds of eight lanes' multiply-add: loads through memory dominate, lanes are eight wide. */
function cpuLike(p: Point): number {
  const threads = p.ti * p.tj;
  const loadA = p.aShared ? 70 : p.a === "texture" ? (p.vec === 4 ? 2 : 9) : 68;
  const loadB = p.bShared ? 70 : p.b === "texture" ? (p.vec === 4 ? 2 : 9) : 68;
  const spill = p.ii * p.jj > 256 ? 4 : p.ii * p.jj > 128 ? 1.3 : 1;
  const lanes = Math.min(threads, 8) / 8 * (threads > 64 ? 0.8 : 1);
  const iterations = p.unroll >= p.kk ? 0.1 : 0.5;
  const copying = (p.aShared ? 70 / (p.tj * p.jj) : 0) + (p.bShared ? 70 / (p.ti * p.ii) : 0);
  return (0.6 * spill + loadA / p.jj + loadB / p.ii + iterations + copying) / lanes;
}

/** A wide device: needs many threads, likes workgroup memory and coalesced loads, spills early. */
function gpuLike(p: Point): number {
  const threads = p.ti * p.tj;
  const occupancy = Math.min(1, threads / 64) * Math.min(1, (512 * 512) / (threads * p.ii * p.jj) / 32);
  const coalesced = p.tj >= 8 ? 1 : 8 / p.tj;
  const load = p.vec === 4 ? 3 : 6;
  const fromA = p.aShared ? 0.6 + load / (p.tj * p.jj) : p.a === "texture" ? 4 : load;
  const fromB = p.bShared
    ? 0.6 + (load * coalesced) / (p.ti * p.ii)
    : (p.b === "texture" ? 4 : load) * coalesced;
  const spill = p.ii * p.jj > 64 ? 1 + (p.ii * p.jj) / 64 : 1;
  const barrier = p.aShared || p.bShared ? 4 / p.kk : 0;
  return (0.6 * spill + fromA / p.jj + fromB / p.ii + barrier + (p.unroll >= 16 ? 0.05 : 0.3)) / occupancy;
}

/** What a program's loops would tell of the point: quantities that combine several knobs. */
export function derivedFeatures(space: ConfigSpace, index: number): Float64Array | undefined {
  if (!isLegal(space, index)) return undefined;
  const p = pointOf(space, index);
  return Float64Array.of(
    Math.log2(p.ti * p.tj),
    Math.log2(p.ii * p.jj),
    Math.log2(p.ti * p.ii),
    Math.log2(p.tj * p.jj),
    Math.log2(1 + sharedBytes(p)),
    Math.log2(512 / p.kk),
    Math.log2(1 + Math.min(p.unroll, p.kk)),
  );
}
