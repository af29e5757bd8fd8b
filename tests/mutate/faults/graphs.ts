/** Faults in graphs: their passes, their memory, and the programs that they become. */
import { type Fault, fault } from "./fault.ts";

/** The faults of `relax`, and of what links a graph's functions. */
export const GRAPHS: readonly Fault[] = [
  fault(
    "relax/passes/fuse_ops.ts",
    "if (phase === 0 && isUpTo(to.kind",
    "if (phase === 9 && isUpTo(to.kind",
    "relax/passes_test.ts",
  ),
  fault(
    "relax/passes/fuse_ops.ts",
    "call.func.params.length > maxBuffers",
    "call.args.length > maxBuffers",
    "relax/passes_test.ts",
  ),
  fault("relax/passes/eliminate_common.ts", "[call.op, call.form]", "[call.op]", "relax/passes_test.ts"),
  fault(
    "relax/passes/dead_code.ts",
    "b.results.some((v) => used.has(v))",
    "b.results.every((v) => used.has(v))",
    "relax/passes_test.ts",
  ),
  fault(
    "relax/passes/fuse_transpose_matmul.ts",
    "[option]: next[option] !== true",
    "[option]: true",
    "relax/passes_test.ts",
  ),
  fault("relax/memory_needs.ts", "to: last.get(v) ?? k,", "to: k,", "relax/plan_memory_test.ts"),
  fault("relax/share_storages.ts", "!s.taken.some(", "!s.taken.every(", "relax/plan_memory_test.ts"),
  fault("relax/pattern_of.ts", "next > at", "next >= 0", "relax/pattern_of_test.ts"),
  fault(
    "relax/pattern_of.ts",
    "const isOpaque = products > 1;",
    "const isOpaque = products > 9;",
    "relax/pattern_of_test.ts",
  ),
  fault("relax/merge_calls.ts", "buffers.get(v) ?? kept(", "kept(", "relax/passes_test.ts"),
  fault("relax/equal_graph.ts", "Object.is", "(x, y) => x === y", "relax/passes_test.ts"),
  fault(
    "schedule/collapse_axes.ts",
    "if (!equalExpr(inner.extent, buffer.shape[at + 1] as Expr)) return undefined;",
    "",
    "schedule/collapse_axes_test.ts",
  ),
  fault("schedule/collapse_axes.ts", ") && !mentions(block, isAxis)", ")", "schedule/collapse_axes_test.ts"),
  // models
  fault("models/onnx/protobuf.ts", "wire = tag % 8", "wire = tag % 4", "models/onnx/read_test.ts"),
  fault("models/onnx/protobuf.ts", "depth > DEEPEST", "depth > 100 * DEEPEST", "models/onnx/read_test.ts"),
  fault(
    "models/onnx/slicing.ts",
    "Math.ceil((place(end) - from) / stride)",
    "Math.floor((place(end) - from) / stride)",
    "models/onnx/operators_test.ts",
  ),
  fault(
    "models/onnx/operators/windows.ts",
    "(ceil ? Math.ceil : Math.floor)",
    "(ceil ? Math.floor : Math.floor)",
    "models/onnx/operators_test.ts",
  ),
  fault(
    "models/onnx/tensor_data.ts",
    "!Number.isSafeInteger(d) || d < 0",
    "!Number.isSafeInteger(d)",
    "models/onnx/read_test.ts",
  ),
  fault(
    "codegen/link_executables.ts",
    "known === undefined ? bytes : larger(known, bytes)",
    "known ?? bytes",
    "tuning/build_graph_test.ts",
  ),
  fault(
    "tuning/copied_arguments.ts",
    "kinds.size > 1",
    "kinds.size > 2",
    "tuning/texture_copies_test.ts",
  ),
  fault(
    "relax/memory_needs.ts",
    "from: before?.from ?? k, to: k, label",
    "from: k, to: k, label",
    "tuning/texture_copies_test.ts",
  ),
  fault(
    "runtime/buffer_pool.ts",
    "this.#idle.length > 1 && (",
    "this.#idle.length > 0 && (",
    "runtime/buffer_pool_test.ts",
  ),
  fault(
    "arith/specialize.ts",
    "const open = new Set(f.shapeVars.filter((v) => !by.has(v)));",
    "const open = new Set(f.shapeVars);",
    "relax/builder_test.ts",
  ),
  fault(
    "ir/index_requirements.ts",
    "Math.max(1, Math.abs(e.value))",
    "Math.abs(e.value)",
    "ir/requirement_test.ts",
  ),
];
