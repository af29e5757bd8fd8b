/** Lowers a scheduled program to kernels: every pass, in order, on one screen. */
import { TOO_DEEP, withinStack } from "../base/within_stack.ts";
import { LowerError } from "./error.ts";
import type { PrimFunc } from "../ir/func.ts";
import { simplifyStmt } from "../arith/simplify_stmt.ts";
import { verifyFunc } from "../ir/verify.ts";
import type { Target } from "../target/target.ts";
import { bindThreads } from "./bind_threads.ts";
import { checkLimits } from "./check_limits.ts";
import { chooseLanes } from "./choose_lanes.ts";
import { compactBuffers } from "./compact_buffers.ts";
import { analyzerOf, type KernelDraft } from "./kernel_draft.ts";
import { dropGuards } from "./drop_guards.ts";
import { findSharedGlobals } from "./find_shared_globals.ts";
import { toKernel } from "./to_kernel.ts";
import { flattenIndices } from "./flatten_indices.ts";
import { hoistInvariants } from "./hoist_invariants.ts";
import { insertBarriers } from "./insert_barriers.ts";
import type { Kernel } from "./kernel.ts";
import { legalizeScopes } from "./legalize_scopes.ts";
import { lowerReductions } from "./lower_reductions.ts";
import { mergeGuards } from "./merge_guards.ts";
import { packBuffers } from "./pack_buffers.ts";
import { reduceStrength } from "./reduce_strength.ts";
import { replaceArrays } from "./replace_arrays.ts";
import { shareRepeated } from "./share_repeated.ts";
import { sinkVirtualThreads } from "./sink_virtual_threads.ts";
import { splitKernels } from "./split_kernels.ts";
import { trimLoops } from "./trim_loops.ts";
import { unrollLoops } from "./unroll_loops.ts";
import { vectorizeLoops } from "./vectorize_loops.ts";
import { programKind } from "../ir/kinds.ts";
import { targetKind } from "../target/kinds.ts";
import { checkArgument, checkOptions, type Fields, type Kind } from "../base/check_options.ts";
import { aFunction, passing } from "../base/option_kinds.ts";

/** One pass of the pipeline. */
export interface Pass {
  /** Its name, which `after` receives. */
  readonly name: string;
  /** Makes the next draft. */
  readonly run: (draft: KernelDraft, target: Target) => KernelDraft;
}

const simplify = (draft: KernelDraft): KernelDraft => ({
  ...draft,
  body: simplifyStmt(draft.body, analyzerOf(draft)),
});

const draftKind: Kind<KernelDraft> = passing(
  "the draft of a kernel, as lower(func, target, { after: (name, draft) => … }) gives",
  (x) => typeof x === "object" && x !== null && "body" in x && "outer" in x && "threads" in x,
);

/** The pass with its arguments checked. */
function checked({ name, run }: Pass): Pass {
  const where = `the pass ${name}`;
  return {
    name,
    run: (draft, target) => {
      checkArgument(where, "draft", draft, draftKind);
      checkArgument(where, "target", target, targetKind);
      return run(draft, target);
    },
  };
}

const steps: readonly Pass[] = [
  { name: "sinkVirtualThreads", run: sinkVirtualThreads },
  { name: "lowerReductions", run: lowerReductions },
  { name: "bindThreads", run: bindThreads },
  { name: "trimLoops", run: trimLoops },
  { name: "findSharedGlobals", run: findSharedGlobals },
  { name: "compactBuffers", run: compactBuffers },
  { name: "flattenIndices", run: flattenIndices },
  { name: "vectorizeLoops", run: vectorizeLoops },
  { name: "simplify", run: simplify },
  { name: "unrollLoops", run: unrollLoops },
  { name: "chooseLanes", run: chooseLanes },
  { name: "replaceArrays", run: replaceArrays },
  { name: "dropGuards", run: dropGuards },
  { name: "insertBarriers", run: insertBarriers },
  { name: "mergeGuards", run: mergeGuards },
  { name: "reduceStrength", run: reduceStrength },
  { name: "hoistInvariants", run: hoistInvariants },
  { name: "shareRepeated", run: shareRepeated },
];

/** All passes, in order. */
export const passes: readonly Pass[] = steps.map(checked);

/** Options of `lower`. */
export interface LowerOptions {
  /** Called with every kernel after every pass. */
  readonly after?: (pass: string, draft: KernelDraft) => void;
}

const LOWER_FIELDS = {
  after: aFunction("a function of a pass's name and a draft"),
} satisfies Fields<LowerOptions>;

/**
 * Lowers a scheduled program to its kernels, in launch order, and checks them against the target's limits.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {VerifyError} for a program that is not well formed
 * @throws {LowerError} where the schedule can't be made into a kernel
 * @throws {LimitError} where a kernel exceeds the target's limits
 */
export function lower(func: PrimFunc, target: Target, options: LowerOptions = {}): readonly Kernel[] {
  checkArgument("lower", "func", func, programKind);
  checkArgument("lower", "target", target, targetKind);
  return lowerFor(func, target, options).kernels;
}

/** A program with the buffers that its target can bind, and its kernels. */
export interface Lowered {
  readonly func: PrimFunc;
  readonly kernels: readonly Kernel[];
}

/** Lowers a program as {@linkcode lower} does; the result also has the program that the kernels were made of. */
export function lowerFor(func: PrimFunc, target: Target, options: LowerOptions): Lowered {
  checkOptions("lower", options, LOWER_FIELDS);
  return withinStack(
    () => {
      verifyFunc(func);
      const bound = packBuffers(legalizeScopes(func, target), target);
      return { func: bound, kernels: kernelsOf(bound, target, options) };
    },
    () => new LowerError(`cannot lower ${func.name}: ${TOO_DEEP}`),
  );
}

function kernelsOf(func: PrimFunc, target: Target, options: LowerOptions): readonly Kernel[] {
  return splitKernels(func).map((first) => {
    const last = passes.reduce((draft, pass) => {
      const next = pass.run(draft, target);
      options.after?.(pass.name, next);
      return next;
    }, first);
    const kernel = toKernel(last, target);
    checkLimits(kernel, target);
    return kernel;
  });
}
