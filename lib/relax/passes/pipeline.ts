import { annotateActivations } from "./annotate_activations.ts";
import { annotatePatterns } from "./annotate_patterns.ts";
import { copyOutputs } from "./copy_outputs.ts";
import { deadCode } from "./dead_code.ts";
import { eliminateCommon } from "./eliminate_common.ts";
import { foldConstant } from "./fold_constant.ts";
import { fuseOps } from "./fuse_ops.ts";
import { fuseTransposeMatmul } from "./fuse_transpose_matmul.ts";
import { legalizeOps } from "./legalize_ops.ts";
import type { GraphPass, PassContext } from "./pass.ts";
import type { Graph } from "../graph.ts";

/** The passes in the order in which they run. */
export const graphPasses: readonly GraphPass[] = [
  { name: "foldConstant", run: foldConstant },
  { name: "eliminateCommon", run: eliminateCommon },
  { name: "fuseTransposeMatmul", run: fuseTransposeMatmul },
  { name: "deadCode", run: deadCode },
  { name: "legalizeOps", run: legalizeOps },
  { name: "copyOutputs", run: copyOutputs },
  { name: "annotatePatterns", run: annotatePatterns },
  { name: "fuseOps", run: fuseOps },
  { name: "annotateActivations", run: annotateActivations },
];

/** Runs all passes. `after` receives the result of each. */
export function runGraphPasses(
  g: Graph,
  context: PassContext = {},
  after?: (pass: string, g: Graph) => void,
): Graph {
  return graphPasses.reduce((now, { name, run }) => {
    const next = run(now, context);
    after?.(name, next);
    return next;
  }, g);
}
