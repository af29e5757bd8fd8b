import type { Executable } from "../codegen/executable.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Graph } from "../relax/graph.ts";
import type { MemoryPlan } from "../relax/plan_memory.ts";

/** A function of a graph, scheduled and compiled. */
export interface BuiltFunction {
  /** The function as the passes made it. */
  readonly func: PrimFunc;
  /** The rule that scheduled it. */
  readonly rule: string;
  /** Why that rule. */
  readonly because: string;
  /** Its kernels. */
  readonly executable: Executable;
}

/** What became of a graph on its way to a device. */
export interface BuiltGraph {
  /** The graph after the passes: calls of functions. */
  readonly graph: Graph;
  /** The function of each call, in order; calls of one function share one. */
  readonly functions: readonly BuiltFunction[];
  /** Where intermediate values lie. */
  readonly memory: MemoryPlan;
  /** The whole as one program. */
  readonly executable: Executable;
}
