/** This module's own contestants: no rule, DLight's presets, and what a search finds from them. */
import { compile } from "../../lib/codegen/compile.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { rules, schedule } from "../../lib/dlight/schedule.ts";
import { tune } from "../../lib/tuning/tune.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { TypedArray } from "../../lib/runtime/arrays.ts";
import type { Device } from "../../lib/runtime/device.ts";
import { replay, Trace, type TraceJson } from "../../lib/schedule/trace.ts";
import config from "../../deno.json" with { type: "json" };
import type { Argument, Ready } from "./peer.ts";

export const VERSION: string = config.version;

export interface Own {
  readonly name: string;
  readonly func: PrimFunc;
  /** The device that it runs on. */
  readonly device: Device;
}

/**
 * Scheduled by rules alone. Fallback is the naive kernel: at its presets a thread computes one result (of each sum, where
 * a program has several), with no tile, no vector and no workgroup memory, which `tests/bench/operators_test.ts` holds it
 * to. On a device whose profile is the generic one, DLight has one preset; on the CPU it has JavaScript beside WebAssembly,
 * where `javascript` is a device of that.
 */
export function presetsOf(func: PrimFunc, device: Device, javascript?: Device): readonly Own[] {
  const { target } = device;
  if (javascript) {
    return [
      { name: "Fallback", func: schedule(func, target, [fallback]).func, device },
      { name: "JavaScript", func: schedule(func, javascript.target, rules).func, device: javascript },
      { name: "DLight", func: schedule(func, target, rules).func, device },
    ];
  }
  const generic = { ...target, profile: "generic-webgpu" } as const;
  const own = [
    { name: "Fallback", func: schedule(func, target, [fallback]).func, device },
    { name: "DLight generic", func: schedule(func, generic, rules).func, device },
    { name: "DLight", func: schedule(func, target, rules).func, device },
  ];
  return target.profile === "generic-webgpu" ? own.filter((o) => o.name !== "DLight generic") : own;
}

export interface SearchOptions {
  readonly seconds: number;
  /** Arrow stream file of the trials; what it holds already counts against the seconds. */
  readonly path: string | undefined;
}

/** The best that a search from DLight's preset finds. */
export async function tuned(
  func: PrimFunc,
  device: Device,
  { seconds, path }: SearchOptions,
): Promise<Own & { readonly trials: number; readonly config: string }> {
  const { best, records } = await tune(func, device, {
    budget: { seconds },
    ...(path === undefined ? {} : { path }),
  });
  const trace = Trace.fromJSON(JSON.parse(best.trace) as TraceJson);
  return { name: "tuned", func: replay(func, trace), device, trials: records.length, config: best.config };
}

/** A scheduled program with its arguments on the device. */
export async function ready(func: PrimFunc, device: Device, args: readonly Argument[]): Promise<Ready> {
  const program = await device.load(compile(func, device.target));
  const bound = await program.bind(Object.fromEntries(args.map((a) => [a.name, a.data])));
  return {
    run: (times) => bound.run(times),
    async read() {
      bound.poison();
      await bound.run(1);
      const [result] = Object.values(await bound.read());
      return result as TypedArray;
    },
    [Symbol.asyncDispose]() {
      bound[Symbol.dispose]();
      program[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}
