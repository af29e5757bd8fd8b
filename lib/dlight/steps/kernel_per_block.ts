/** Rules for programs of blocks of one sort: each is a kernel, and so are blocks beside them that take each element by itself. */
import type { PrimFunc } from "../../ir/func.ts";
import type { Block } from "../../ir/stmt.ts";
import type { Schedule } from "../../schedule/schedule.ts";
import type { Knobs } from "../../space/knobs.ts";
import { prefixedKnobs } from "../../space/prefixed_knobs.ts";
import type { Template } from "../../space/template.ts";
import type { Target } from "../../target/target.ts";
import { axisTypes, nestsOf, SCHEDULED } from "../analysis.ts";
import { presetsOf } from "../presets.ts";
import { checkedRule, type Rule } from "../rule.ts";
import { inlinedBlocks } from "./inlining.ts";
import { tooMany } from "./operand_paths.ts";
import { spreadElements } from "./spread_elements.ts";

/** What makes a rule of its own of such a sort. */
export interface BlockSort {
  /** The name of the rule. */
  readonly name: string;
  /** Tells whether a block is of the sort. */
  readonly isMain: (b: Block) => boolean;
  /** What such a block does, after its name. */
  readonly does: string;
  /** Why a block of the sort can't be scheduled; undefined where it can. Default: each can. */
  readonly refuse?: (b: Block) => string | undefined;
  /** Schedules a block of the sort. */
  readonly schedule: (sch: Schedule, knobs: Knobs, b: Block, target: Target) => void;
}

interface Match {
  /** Blocks that are computed where they are read. */
  readonly inlined: readonly Block[];
  /** The others, in order: a kernel each. */
  readonly kept: readonly Block[];
}

/** Makes the rule. The knobs of the second kernel and of those that follow have its number before their names. */
export function kernelPerBlock(sort: BlockSort): Rule {
  const { name, isMain, does } = sort;
  return checkedRule({
    name,
    find: (func) => match(func, sort),
    take(found, target) {
      const names = found.kept.filter(isMain).map((b) => b.name).join(", ");
      return { template: template(found, sort, target), because: `${names}: ${does}` };
    },
  });
}

function match(func: PrimFunc, { isMain, does, refuse }: BlockSort): Match | string {
  const blocks = nestsOf(func)?.map((n) => n.block);
  if (!blocks) return SCHEDULED;
  if (!blocks.some(isMain)) return `no block has ${does}`;
  for (const b of blocks) {
    const why = isMain(b) ? refuse?.(b) : undefined;
    if (why !== undefined) return why;
    if (!isMain(b) && (b.body.kind !== "store" || axisTypes(b).includes("R"))) {
      return `block ${b.name} neither has ${does} nor takes each element by itself`;
    }
  }
  const inlined = inlinedBlocks(func, blocks, isMain), kept = blocks.filter((b) => !inlined.includes(b));
  const scalar = kept.find((b) => b.iters.length === 0);
  return scalar ? `block ${scalar.name} has no axis` : { inlined, kept };
}

function template({ inlined, kept }: Match, { isMain, schedule }: BlockSort, target: Target): Template {
  return (sch, knobs) => {
    for (const b of inlined) sch.computeInline(b.name);
    kept.forEach((b, k) => {
      const own = k === 0 ? knobs : prefixedKnobs(knobs, `kernel${k + 1}.`);
      if (isMain(b)) return schedule(sch, own, b, target);
      spreadElements(sch, b.name, { threads: threadsKnob(own, target), results: 4, vectors: true });
    });
  };
}

/** The threads of a workgroup, as a knob. */
export function threadsKnob(knobs: Knobs, target: Target): number {
  const threads = knobs.choice("threads", [8, 16, 32, 64, 128, 256], presetsOf(target).elementwise.threads);
  knobs.require(["threads"], (threads: number) => tooMany(target, threads));
  return threads;
}
