import { checkArgument, checkOptions, type Fields } from "../../base/check_options.ts";
import { aFunction, number, oneOf } from "../../base/option_kinds.ts";
import { imageLayout } from "../../op/window.ts";
import { shapesKind } from "../../ir/kinds.ts";
import { graphKind } from "../kinds.ts";
import { annotateActivations } from "./annotate_activations.ts";
import { annotatePatterns } from "./annotate_patterns.ts";
import { combineParallelMatmul } from "./combine_parallel_matmul.ts";
import { convertLayout } from "./convert_layout.ts";
import { copyOutputs } from "./copy_outputs.ts";
import { deadCode } from "./dead_code.ts";
import { eliminateCommon } from "./eliminate_common.ts";
import { foldBatchNorm } from "./fold_batch_norm.ts";
import { foldConstant } from "./fold_constant.ts";
import { fuseDequantize } from "./fuse_dequantize.ts";
import { fuseOps } from "./fuse_ops.ts";
import { fuseTransposeMatmul } from "./fuse_transpose_matmul.ts";
import { inferShapes } from "./infer_shapes.ts";
import { legalizeOps } from "./legalize_ops.ts";
import { liftTransformParams } from "./lift_transform_params.ts";
import { normalize } from "./normalize.ts";
import { toMixedPrecision } from "./to_mixed_precision.ts";
import type { GraphPass, PassContext } from "./pass.ts";
import type { Graph } from "../graph.ts";

const CONTEXT = {
  maxBuffers: number({ min: 1 }, "a positive number of buffers"),
  accepts: aFunction("a function of a fused program and its parts"),
  shapes: shapesKind,
  layout: imageLayout,
  precision: oneOf("f16"),
  maxBufferBytes: number({ above: 0 }, "a positive number of bytes"),
} satisfies Fields<PassContext>;

/** A pass that checks its arguments. */
function checked({ name, run }: GraphPass): GraphPass {
  return {
    name,
    run: (g, context = {}) => {
      checkArgument(`run of pass ${name}`, "g", g, graphKind);
      checkOptions(`run of pass ${name}`, context, CONTEXT);
      return run(g, context);
    },
  };
}

const steps: readonly GraphPass[] = [
  { name: "normalize", run: normalize },
  { name: "inferShapes", run: inferShapes },
  { name: "foldBatchNorm", run: foldBatchNorm },
  { name: "convertLayout", run: convertLayout },
  { name: "fuseTransposeMatmul", run: fuseTransposeMatmul },
  { name: "combineParallelMatmul", run: combineParallelMatmul },
  { name: "toMixedPrecision", run: toMixedPrecision },
  { name: "foldConstant", run: foldConstant },
  { name: "eliminateCommon", run: eliminateCommon },
  { name: "fuseDequantize", run: fuseDequantize },
  { name: "deadCode", run: deadCode },
  { name: "liftTransformParams", run: liftTransformParams },
  { name: "legalizeOps", run: legalizeOps },
  { name: "copyOutputs", run: copyOutputs },
  { name: "annotatePatterns", run: annotatePatterns },
  { name: "fuseOps", run: fuseOps },
  { name: "annotateActivations", run: annotateActivations },
];

/** The passes in the order in which they run. */
export const graphPasses: readonly GraphPass[] = steps.map(checked);

/** Runs all passes. `after` receives the result of each. */
export function runGraphPasses(
  g: Graph,
  context: PassContext = {},
  after?: (pass: string, g: Graph) => void,
): Graph {
  checkArgument("relax.runPasses", "g", g, graphKind);
  checkOptions("relax.runPasses", context, CONTEXT);
  if (after !== undefined) checkArgument("relax.runPasses", "after", after, aFunction());
  return graphPasses.reduce((now, { name, run }) => {
    const next = run(now, context);
    after?.(name, next);
    return next;
  }, g);
}
