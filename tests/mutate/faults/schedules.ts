/** Faults in schedules, their spaces and rules, and in what is estimated of them. */
import { type Fault, fault } from "./fault.ts";

export const SCHEDULES: readonly Fault[] = [
  // schedule
  fault(
    "schedule/split.ts",
    "isConst(loop.extent) && loop.extent.value <= known",
    "isConst(loop.extent) && loop.extent.value <= 2 * known",
    "schedule/loops_test.ts",
  ),
  fault(
    "schedule/fuse.ts",
    'requireBox(asked, loops, "leave it out")',
    'requireBox(asked, loops.slice(0, 1), "leave it out")',
    "schedule/loops_test.ts",
  ),
  fault(
    "schedule/rfactor.ts",
    "b.where).filter((e) => !conditions.includes(e))",
    "b.where).filter((e) => conditions.length < 0 || e === undefined)",
    "schedule/reduction_test.ts",
  ),
  fault(
    "schedule/pad_einsum.ts",
    "Math.ceil(it.extent.value / p) * p : p",
    "Math.floor(it.extent.value / p) * p : p",
    "schedule/pad_einsum_test.ts",
  ),
  fault(
    "schedule/stream_k_ranges.ts",
    "Math.floor((steps - grain + length - 1) / steps)",
    "Math.floor((steps - grain) / steps)",
    "schedule/stream_k_test.ts",
  ),
  fault(
    "schedule/compute_at.ts",
    "reduce((p, q) => unionBox(buffer, p, q, analyzer))",
    "reduce((p) => p)",
    "schedule/compute_at_test.ts",
  ),
  fault(
    "schedule/reorder.ts",
    "block.init ? reduceLoops(block, chain) : []",
    "block.init ? [] : reduceLoops(block, chain)",
    "schedule/loops_test.ts",
  ),
  fault(
    "schedule/compute_inline.ts",
    "if (!isConst(b.where, 1))",
    "if (isConst(b.where, 0))",
    "schedule/inline_test.ts",
  ),
  fault(
    "schedule/compute_inline.ts",
    "x.block !== b && writes(x.block, s.buffer)",
    "x.block !== b && writes(x.block, s.buffer) && x.block.name === b.name",
    "schedule/inline_test.ts",
  ),
  fault(
    "schedule/decompose_reduction.ts",
    "loops.indexOf(l) < at)",
    "loops.indexOf(l) < at - 1)",
    "schedule/reduction_test.ts",
  ),
  // space
  fault(
    "space/splits.ts",
    "if (power2 || rest % f === 0) extend",
    "if (power2 || rest >= f) extend",
    "space/splits_test.ts",
  ),
  fault(
    "space/orders.ts",
    "return n <= 1 ? 1 : n * countPermutations(n - 1)",
    "return n <= 1 ? 1 : n * n * countPermutations(n - 1)",
    "space/orders_test.ts",
  ),
  fault(
    "space/config_space.ts",
    "if (m.distance > radius) break",
    "if (m.distance > 2 * radius) break",
    "space/config_space_test.ts",
  ),
  fault(
    "space/constraints.ts",
    "at.every((p) => p <= place) && at.includes(place)",
    "at.every((p) => p < place) && at.includes(place)",
    "space/config_space_test.ts",
  ),
  fault(
    "space/knob.ts",
    "Math.max(gained.get(p) ?? 0, lost.get(p) ?? 0)",
    "Math.min(gained.get(p) ?? 0, lost.get(p) ?? 0)",
    "space/config_space_test.ts",
  ),
  fault(
    "space/knob.ts",
    "at.slice(i + 1).filter((q) => q < p)",
    "at.slice(i + 1).filter((q) => q > p)",
    "space/config_space_test.ts",
  ),
  fault(
    "space/knob_json.ts",
    "knob.preset < known.length",
    "knob.preset <= known.length",
    "space/knob_json_test.ts",
  ),
  // dlight
  fault(
    "dlight/rules/matmul/constraints.ts",
    "return shared * 4 > maxSharedBytes",
    "return shared * 2 > maxSharedBytes",
    "dlight/workgroup_memory_test.ts",
  ),
  fault(
    "dlight/rules/matmul/match.ts",
    "b.indices.at(-1) === j.var",
    "b.indices.at(-1) !== j.var",
    "dlight/rules_test.ts",
  ),
  fault(
    "dlight/analysis.ts",
    'if (s.kind === "for" && s.loop === "serial") return',
    'if (s.kind === "for") return',
    "dlight/rules_test.ts",
  ),
  fault(
    "dlight/analysis.ts",
    "l.indices.every((e, d) => e === n.store.indices[d])",
    "l.indices.some((e, d) => e === n.store.indices[d])",
    "dlight/rules_test.ts",
  ),
  fault(
    "dlight/rules/matmul/constraints.ts",
    "twice ? 2 * once : once",
    "once",
    "dlight/workgroup_memory_test.ts",
  ),
  fault(
    "dlight/rules/reduction.ts",
    "l.indices.some((e, d) => e !== n.block.iters[d]?.var)",
    "l.indices.every((e, d) => e !== n.block.iters[d]?.var)",
    "dlight/rules_test.ts",
  ),
  // target
  fault(
    "target/texture.ts",
    'return height <= limits.maxTextureSize ? { kind: "flat", width }',
    'return height <= 2 * limits.maxTextureSize ? { kind: "flat", width }',
    "target/profiles_test.ts",
  ),
  fault(
    "target/target_distance.ts",
    "Math.abs(Math.log2(a / b))",
    "Math.log2(a / b)",
    "records/database_test.ts",
  ),
  fault(
    "target/target_json.ts",
    "x === 1 || x === 4 ? x : undefined",
    "x === 4 ? 4 : 1",
    "target/capabilities_test.ts",
  ),
  fault("target/texture.ts", "rows <= pack * size", "rows <= pack * texels", "lower/check_limits_test.ts"),
  // estimate
  fault(
    "estimate/roofline.ts",
    "Math.max(bufferGbps, textureGbps, copyGbps)",
    "Math.max(bufferGbps, textureGbps)",
    "estimate/roofline_test.ts",
  ),
  fault(
    "estimate/work.ts",
    'x.op === "dot4I8Packed") n += 8',
    'x.op === "dot4I8Packed") n += 4',
    "estimate/work_test.ts",
  ),
  fault(
    "estimate/work.ts",
    "before + iterations(index)",
    "Math.max(before, iterations(index))",
    "estimate/work_test.ts",
  ),
  fault(
    "estimate/roofline.ts",
    "bound: arithmetic > memory",
    "bound: arithmetic < memory",
    "estimate/roofline_test.ts",
  ),
  fault(
    "estimate/roofline.ts",
    "flops / gflops / 1e6, memory",
    "flops / gflops / 1e9, memory",
    "estimate/roofline_test.ts",
  ),
  fault(
    "estimate/accesses.ts",
    "return Math.min(span, iterations)",
    "return Math.max(span, iterations)",
    "estimate/accesses_test.ts",
  ),
  fault(
    "estimate/accesses.ts",
    "Math.abs(access.strides[i] ?? 0) > 1)",
    "Math.abs(access.strides[i] ?? 0) >= 1)",
    "estimate/accesses_test.ts",
  ),
  fault(
    "estimate/warp_access.ts",
    "served[w % BANKS] ?? 0) + 1",
    "served[w % BANKS] ?? 0) + w % 2",
    "estimate/warp_access_test.ts",
  ),
  fault(
    "estimate/time.ts",
    "Math.max(memoryNs, computeNs)",
    "Math.min(memoryNs, computeNs)",
    "autotvm/features_test.ts",
  ),
];
