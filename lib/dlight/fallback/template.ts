/**
 * The generic space: a template for any program. Blocks that are costly to inline may be kept. Each kept block may be
 * tiled (all axes fused, or two of them), its reduction chunked or shared by threads, and its inputs copied into registers
 * or workgroup memory. Elementwise blocks after it may be moved into its loops. At its presets it does none of that.
 */
import { DeclaringKnobs } from "../../space/declaring_knobs.ts";
import type { PrimFunc } from "../../ir/func.ts";
import { Schedule } from "../../schedule/schedule.ts";
import type { Knobs } from "../../space/knobs.ts";
import type { Template } from "../../space/template.ts";
import type { Target } from "../../target/target.ts";
import { declareNumbers, type Numbers, plainNumbers } from "./knobs.ts";
import { type Guests, scheduleNest } from "./nest.ts";
import { inlinable, type Kept, PLAIN, type Plan, planOf } from "./plan.ts";
import type { Beside, ProloguePlace } from "./constraints.ts";
import { DIRECT_PATHS, presetsOf } from "../presets.ts";
import { choosePath } from "../steps/operand_paths.ts";

/** Kept blocks of a kind with knobs of their own, at most. More blocks share knobs; so do blocks with too large a space. */
const MOST_OWN = 2, LARGEST = 2 ** 48;

/** The template for a target. Its presets take a symbolic axis to have `symbolic` elements, when it is reduced. */
export function fallbackTemplate(target: Target, symbolic = 1): Template {
  return (sch, knobs) => {
    const whole = planOf(sch.func);
    const plan = sizeOf(sch.func, whole, target) <= Number.MAX_SAFE_INTEGER ? whole : planOf(sch.func, PLAIN);
    declareMemories(sch, plan, knobs, target);
    const { places, fused, numbers } = declare(plan, knobs, target, areFew(plan, target), symbolic);
    const kept = new Set(plan.kept.map((b) => b.name));
    for (const name of inlinable(sch)) {
      if (!kept.has(name) && (places.get(name) ?? "inline") === "inline") sch.computeInline(name);
    }
    for (const name of sch.blocks()) {
      const place = places.get(name);
      if (place === "local" || place === "shared" || fused.has(name)) continue;
      const block = plan.kept.find((b) => b.name === name);
      const own = numbers.get(name) ?? plainNumbers(threadsOf(target));
      const followers = plan.kept.filter((b) => b.follows === name && fused.has(b.name)).map((b) => b.name);
      scheduleNest(sch, name, own, guestsOf(plan, places, own, block, followers));
    }
  };
}

function declareMemories(sch: Schedule, plan: Plan, knobs: Knobs, target: Target): void {
  for (const input of plan.inputs) {
    choosePath(sch, knobs, `${input}.memory`, [input], target, DIRECT_PATHS, "buffer");
  }
}

/** Counts the points of the space of a plan, with those that constraints refuse. */
function sizeOf(func: PrimFunc, plan: Plan, target: Target): number {
  const knobs = new DeclaringKnobs();
  declareMemories(new Schedule(func), plan, knobs, target);
  declare(plan, knobs, target, areFew(plan, target));
  return knobs.knobs.reduce((n, k) => n * k.candidates.length, 1);
}

/** Threads per workgroup at the presets. */
function threadsOf(target: Target): number {
  return Math.min(presetsOf(target).fallback.threads, 256);
}

const placeKnob = (prologue: string) => `${prologue}.place`;
const fuseKnob = (block: string) => `${block}.fuse`;

function placesOf(plan: Plan, knobs: Knobs): ReadonlyMap<string, ProloguePlace> {
  return new Map(plan.prologues.map(({ name, reader }) => [
    name,
    knobs.choice<ProloguePlace>(
      placeKnob(name),
      reader ? ["inline", "global", "local", "shared"] : ["inline", "global"],
      "inline",
    ),
  ]));
}

/** The knobs of all blocks: places of prologues, fusion, and sizes. A block that may be fused has no sizes. */
interface Declared {
  readonly places: ReadonlyMap<string, ProloguePlace>;
  readonly fused: ReadonlySet<string>;
  readonly numbers: ReadonlyMap<string, Numbers>;
}

/** Declares them, with numbers of its `own` for each block or one set for all blocks of a kind. */
function declare(plan: Plan, knobs: Knobs, target: Target, own: boolean, symbolic = 1): Declared {
  const places = placesOf(plan, knobs);
  const followers = plan.kept.filter((b) => b.follows !== undefined);
  const fused = new Set(followers.filter((b) => knobs.flag(fuseKnob(b.name), false)).map((b) => b.name));
  const beside: Beside = {
    target,
    threads: threadsOf(target),
    symbolic,
    prologues: (block) =>
      plan.prologues.filter((p) => p.reader?.name === block)
        .map((prologue) => ({ knob: placeKnob(prologue.name), prologue })),
    fuses: (block) => followers.filter((b) => b.follows === block).map((b) => fuseKnob(b.name)),
  };
  const groups = [...kindsOf(plan)].flatMap(([kind, blocks]) =>
    own || blocks.length === 1
      ? blocks.map((b): [string, readonly Kept[]] => [b.name, [b]])
      : [[kind, blocks] as const]
  );
  const numbers = new Map(groups.flatMap(([prefix, blocks]) => {
    const n = declareNumbers(knobs, prefix, blocks, beside);
    return blocks.map((b) => [b.name, n] as const);
  }));
  return { places, fused, numbers };
}

function kindsOf(plan: Plan): ReadonlyMap<string, readonly Kept[]> {
  const blocks = plan.kept.filter((b) => b.follows === undefined);
  return Map.groupBy(blocks, (b) => b.reduce.length > 0 ? "reductions" : "maps");
}

/** Whether there are few enough blocks for numbers of their own. */
function areFew(plan: Plan, target: Target): boolean {
  if ([...kindsOf(plan).values()].some((blocks) => blocks.length > MOST_OWN)) return false;
  const knobs = new DeclaringKnobs();
  declare(plan, knobs, target, true);
  return knobs.knobs.reduce((n, k) => n * k.candidates.length, 1) <= LARGEST;
}

function guestsOf(
  plan: Plan,
  places: ReadonlyMap<string, ProloguePlace>,
  { near }: Numbers,
  block: Kept | undefined,
  followers: readonly string[],
): Guests {
  return {
    k: block?.k ? block.reduce.indexOf(block.k) : 0,
    copies: (block?.operands ?? []).flatMap(({ buffer }, o) => {
      const scope = near[o] ?? "direct";
      return scope === "direct" ? [] : [{ buffer: buffer.name, scope }];
    }),
    prologues: plan.prologues.filter((p) => block !== undefined && p.reader?.name === block.name)
      .flatMap(({ name }) => {
        const scope = places.get(name);
        return scope === "local" || scope === "shared" ? [{ name, scope }] : [];
      }),
    followers,
  };
}
