/**
 * Graphs, in Relax's terms: operators on values with symbolic shapes, the passes that fuse them into programs, and a plan of
 * the memory between. `build(graph, device, { weights })` runs one.
 */
export { type BlockBuilder, Builder, graph, type GraphOperators, type OnValues } from "../relax/builder.ts";
export type { Graph } from "../relax/graph.ts";
export type {
  Binding,
  Call,
  ConstantData,
  Extent,
  Form,
  GraphData,
  OpCall,
  Origin,
  Slot,
  TensorType,
  TirCall,
  Value,
} from "../relax/value.ts";
export type { OperatorName, OPERATORS } from "../relax/operators.ts";
export { graphFromJson, type GraphJson, graphToJson } from "../relax/graph_json.ts";
export { equalGraph } from "../relax/equal_graph.ts";
export { verifyGraph } from "../relax/verify_graph.ts";
export { interpretGraph } from "../relax/interpret_graph.ts";
export { graphPasses as passes, runGraphPasses as runPasses } from "../relax/passes/pipeline.ts";
export type { GraphPass, PassContext } from "../relax/passes/pass.ts";
export type { PatternKind } from "../relax/pattern_kind.ts";
export type { ActivationCopy } from "../relax/memory_needs.ts";
export { type MemoryOptions, type MemoryPlan, planMemory } from "../relax/plan_memory.ts";
