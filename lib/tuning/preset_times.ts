/** Times the presets of a whole's kernels in this process: which of them are worth a search. */
import { median } from "../base/statistics.ts";
import { compile } from "../codegen/compile.ts";
import { rules, scheduleThen } from "../dlight/schedule.ts";
import { inputsOf } from "../ir/parameters.ts";
import { drawInputs } from "../measure/random_inputs.ts";
import type { Device } from "../runtime/device.ts";
import { type SuiteMember, taskKeyOf } from "./suite_tasks.ts";
import { timeInterleaved } from "./time_interleaved.ts";

/** Samples of each kernel, and the shortest of them, milliseconds. */
const ROUNDS = 3, MIN_SAMPLE_MS = 10;

/** What {@linkcode timePresets} takes. */
export interface PresetOptions {
  /** Seed of the random inputs, a 32-bit integer. Default: 0. */
  readonly seed?: number | undefined;
  /** Ends it early: the rest have no times. */
  readonly signal?: AbortSignal | undefined;
}

/** Gives the kernels with the times of their presets. Equal kernels are timed once. Results aren't checked. */
export async function timePresets(
  members: readonly SuiteMember[],
  device: Device,
  options: PresetOptions = {},
): Promise<readonly SuiteMember[]> {
  const times = new Map<string, number>(), timed: SuiteMember[] = [];
  for (const member of members) {
    const key = taskKeyOf(member.func, member.shapes);
    if (!times.has(key) && !options.signal?.aborted) times.set(key, await presetMs(member, device, options));
    const ms = times.get(key);
    timed.push(ms === undefined || !(ms > 0) ? member : { ...member, presetMs: ms });
  }
  return timed;
}

async function presetMs(
  { func, shapes, inputs = {} }: SuiteMember,
  device: Device,
  { seed = 0, signal }: PresetOptions,
): Promise<number> {
  const { target } = device;
  const { made: executable } = scheduleThen(func, target, rules, (f) => compile(f, target));
  const named = new Set(inputsOf(func).map((b) => b.name));
  const own = Object.fromEntries(Object.entries(inputs).filter(([name]) => named.has(name)));
  using program = await device.load(executable);
  using bound = await program.bind(drawInputs(func, seed, shapes, own), shapes);
  const timing = { rounds: ROUNDS, minSampleMs: MIN_SAMPLE_MS, signal };
  const [samples = []] = await timeInterleaved([bound], target, timing);
  return median(samples);
}
