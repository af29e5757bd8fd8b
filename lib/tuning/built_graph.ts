import type { Executable } from "../codegen/executable.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Built } from "./built.ts";
import type { Graph } from "../relax/graph.ts";
import type { MemoryPlan } from "../relax/plan_memory.ts";

/** A function of a graph, scheduled and compiled. */
export interface BuiltFunction {
  /** The function as it was scheduled: as the passes made it, with neighbouring axes as one where nothing tells them apart. */
  readonly func: PrimFunc;
  /** The rule that scheduled it. */
  readonly rule: string;
  /** Whether the rule chose its schedule, or a record of a search did. */
  readonly how: Built["how"];
  /** Why this schedule. */
  readonly because: string;
  /** Its kernels. */
  readonly executable: Executable;
}

/** A call as it was before fusion, after all passes before it. */
export interface UnfusedCall {
  /** The name of its first result. */
  readonly name: string;
  /** The name of its program. */
  readonly label: string;
  /** Type and extents of its first result, as `f32[1, 32]`. */
  readonly shape: string;
  /** Names of what it reads: inputs, and calls before fusion. */
  readonly inputs: readonly string[];
  /** The name of the first result of the function that computes it; empty where there is none. */
  readonly group: string;
  /** The output of the graph that it is; empty for none. */
  readonly output: string;
}

/** What became of a graph on its way to a device. */
export interface BuiltGraph {
  /** The graph after the passes: calls of functions. */
  readonly graph: Graph;
  /** The function of each call, in order; calls of one function share one. */
  readonly functions: readonly BuiltFunction[];
  /** The calls before fusion, in order, each with the function that computes it. */
  readonly unfused: readonly UnfusedCall[];
  /** Where intermediate values lie. */
  readonly memory: MemoryPlan;
  /** The whole as one program. */
  readonly executable: Executable;
}
