/**
 * Faults that the tests must catch: one changed expression each, which still compiles and means something else. The
 * first five survived the tests of version 0.1.0.
 */

/** A planted fault. */
export interface Mutation {
  /** The changed file, under `lib`. */
  readonly file: string;
  /** Text that the file has once. */
  readonly from: string;
  /** What replaces it. */
  readonly to: string;
  /** The tests, under `tests`, of which one must fail. */
  readonly tests: readonly string[];
}

function mutation(file: string, from: string, to: string, ...tests: readonly string[]): Mutation {
  return { file, from, to, tests };
}

/** All planted faults, room by room. */
export const MUTATIONS: readonly Mutation[] = [
  // arith
  mutation(
    "arith/interval.ts",
    "return [Math.min(a, c), Math.min(b, d)]",
    "return [Math.min(b, d), Math.min(b, d)]",
    "arith/analyzer_test.ts",
  ),
  mutation(
    "arith/interval.ts",
    "return [Math.max(a, c), Math.max(b, d)]",
    "return [Math.max(a, c), Math.min(b, d)]",
    "arith/analyzer_test.ts",
  ),
  mutation(
    "arith/floor_div_linear.ts",
    "if (g > 1 && g < c) steps.add(g)",
    "if (g > 1 && g <= c) steps.add(2 * g)",
    "arith",
  ),
  mutation(
    "arith/linear.ts",
    "if (t.coeff % c === 0) whole.set(key, { atom: t.atom, coeff: t.coeff / c })",
    "if (t.coeff % c !== 1) whole.set(key, { atom: t.atom, coeff: Math.floor(t.coeff / c) })",
    "arith",
  ),
  mutation("arith/normalize_comparison.ts", "le: (a, b) => [a, b, 1]", "le: (a, b) => [a, b, 0]", "arith"),
  mutation(
    "arith/prove.ts",
    "if (ranges.boundsOf(l)[0] >= 0) return true",
    "if (ranges.boundsOf(l)[0] >= -1) return true",
    "arith",
  ),
  mutation(
    "arith/region.ts",
    "inner.extent.value >= e.b.value",
    "inner.extent.value > 1",
    "arith/region_test.ts",
  ),
  // base
  mutation(
    "base/statistics.ts",
    "const at = q * (s.length - 1)",
    "const at = q * s.length",
    "base",
    "charts/best_over_seeds_test.ts",
  ),
  mutation("base/erf.ts", "if (a < 2.5)", "if (a < 0.25)", "base/erf_test.ts"),
  mutation(
    "base/random.ts",
    "const j = this.int(i + 1)",
    "const j = this.int(Math.max(1, i))",
    "base/random_test.ts",
  ),
  mutation("base/hash.ts", "low * 0x100", "low * 0x10", "ir/fingerprint_test.ts", "op/fingerprints_test.ts"),
  // ir
  mutation(
    "ir/fold.ts",
    "wrap(Math.floor(a / b), dtype)",
    "wrap(Math.trunc(a / b), dtype)",
    "arith",
    "interp",
  ),
  mutation("ir/fold.ts", "return +(a <= b)", "return +(a < b)", "arith", "interp"),
  mutation(
    "ir/reducer.ts",
    "if (!isSelf(v.a) && !isSelf(v.b)) return undefined",
    "if (!isSelf(v.a)) return undefined",
    "ir/reducer_test.ts",
  ),
  mutation(
    "ir/shapes.ts",
    "if (Number.isSafeInteger(value) && value > 0) continue",
    "if (value > 0) continue",
    "ir/shapes_test.ts",
  ),
  mutation(
    "ir/equal.ts",
    "return x.dtype === y.dtype && x.scope === y.scope &&",
    "return x.dtype === y.dtype &&",
    "ir/equal_test.ts",
  ),
  mutation(
    "ir/flatten_block.ts",
    "reduce.map((e) => eq(e, 0))",
    "reduce.map((e) => eq(e, 1))",
    "lower",
    "schedule",
  ),
  // interp
  mutation(
    "interp/translate.ts",
    'if (own?.kind === "const" && extent.kind === "const") return own.value <= extent.value',
    'if (own?.kind === "const" && extent.kind === "const") return true',
    "interp",
    "schedule/loops_test.ts",
    "interp/interpret_test.ts",
  ),
  // op
  mutation(
    "op/window.ts",
    "dilation[d] * (kernel[d] - 1) + 1, room",
    "dilation[d] * kernel[d], room",
    "op/images_test.ts",
  ),
  mutation(
    "op/rope.ts",
    "constant(-Math.log(theta) / half",
    "constant(-Math.log(theta) / headDim",
    "op/tokens_test.ts",
  ),
  mutation("op/attention.ts", "1 / Math.sqrt(headDim)", "1 / headDim", "op/tokens_test.ts"),
  mutation(
    "op/quantize_q4.ts",
    "Math.max(0, Math.round(w) + 7)",
    "Math.max(0, Math.round(w) + 8)",
    "op/quantize_q4_test.ts",
  ),
  mutation(
    "op/quantize_i8.ts",
    "Math.fround(largest / 127)",
    "Math.fround(largest / 128)",
    "op/products_i8_test.ts",
  ),
  // schedule
  mutation(
    "schedule/split.ts",
    "isConst(loop.extent) && loop.extent.value <= known",
    "isConst(loop.extent) && loop.extent.value <= 2 * known",
    "schedule/loops_test.ts",
  ),
  mutation(
    "schedule/fuse.ts",
    "const uneven = loops.find((l) => usesVar(l.extent, (v) => vars.has(v)))",
    "const uneven = loops.find((l) => usesVar(l.extent, (v) => vars.has(v) && vars.size > 2))",
    "schedule/loops_test.ts",
  ),
  mutation(
    "schedule/rfactor.ts",
    "b.where).filter((e) => !conditions.includes(e))",
    "b.where).filter((e) => conditions.length < 0 || e === undefined)",
    "schedule",
  ),
  mutation(
    "schedule/pad_einsum.ts",
    "Math.ceil(it.extent.value / p) * p : p",
    "Math.floor(it.extent.value / p) * p : p",
    "schedule/pad_einsum_test.ts",
  ),
  mutation(
    "schedule/stream_k_ranges.ts",
    "Math.floor((steps - grain + length - 1) / steps)",
    "Math.floor((steps - grain) / steps)",
    "schedule/stream_k_test.ts",
  ),
  mutation(
    "schedule/compute_at.ts",
    "reduce((p, q) => unionBox(buffer, p, q, analyzer))",
    "reduce((p) => p)",
    "schedule/compute_at_test.ts",
  ),
  // space
  mutation(
    "space/splits.ts",
    "if (power2 || rest % f === 0) extend",
    "if (power2 || rest >= f) extend",
    "space/splits_test.ts",
  ),
  mutation(
    "space/orders.ts",
    "return n <= 1 ? 1 : n * countPermutations(n - 1)",
    "return n <= 1 ? 1 : n * n * countPermutations(n - 1)",
    "space/orders_test.ts",
  ),
  mutation(
    "space/config_space.ts",
    "if (m.distance > radius) break",
    "if (m.distance > 2 * radius) break",
    "space/config_space_test.ts",
  ),
  // dlight
  mutation(
    "dlight/rules/matmul/constraints.ts",
    "return shared * 4 > maxSharedBytes",
    "return shared * 2 > maxSharedBytes",
    "dlight/workgroup_memory_test.ts",
  ),
  mutation(
    "dlight/rules/matmul/match.ts",
    `if (moreI.length > 0 || moreJ.length > 0 || batches.length > 1)`,
    `if (moreI.length > 0 || batches.length > 1)`,
    "dlight/rules_test.ts",
  ),
  mutation(
    "dlight/analysis.ts",
    `else if (s.kind === "for" && s.loop === "serial")`,
    `else if (s.kind === "for")`,
    "dlight/rules_test.ts",
  ),
  // lower
  mutation(
    "lower/choose_lanes.ts",
    "every((t) => t.coeff % 4 === 0)",
    "every((t) => t.coeff % 2 === 0)",
    "lower/choose_lanes_test.ts",
  ),
  mutation(
    "lower/injectivity.ts",
    "return inner < step &&",
    "return inner <= step &&",
    "lower/injectivity_test.ts",
  ),
  mutation(
    "lower/alias.ts",
    "return after >= p.width && step - after >= q.width",
    "return after >= p.width - 1 && step - after >= q.width",
    "lower",
  ),
  mutation("lower/alias.ts", "p.hi + d < q.lo", "p.hi + d <= q.lo", "lower"),
  mutation(
    "lower/barrier.ts",
    "return s.else !== undefined && passesBarrier(s.then) && passesBarrier(s.else)",
    "return passesBarrier(s.then)",
    "lower/hazards_test.ts",
  ),
  mutation(
    "lower/check_limits.ts",
    "if (asked > limit)",
    "if (asked > 2 * limit)",
    "lower/check_limits_test.ts",
  ),
  mutation("lower/check_limits.ts", "/ 16) * 16", "/ 16) * 8", "lower/check_limits_test.ts"),
  mutation("lower/reduce_in_subgroups.ts", "min(k, slots - 1)", "min(k, slots)", "lower/subgroups_test.ts"),
  mutation(
    "lower/reduce_in_subgroups.ts",
    "(_, k) => 2 ** k)",
    "(_, k) => 2 ** k + (k > 1 ? 1 : 0))",
    "lower/subgroups_test.ts",
  ),
  mutation(
    "lower/reduce_strength.ts",
    "if (analyzer.bounds(e.a)[0] < 0 ||",
    "if (analyzer.bounds(e.a)[0] < -Infinity ||",
    "lower",
    "codegen",
  ),
  mutation(
    "lower/vectorize_loops.ts",
    "const fits = x.extent.value % 4 === 0 &&",
    "const fits = x.extent.value % 2 === 0 &&",
    "lower",
  ),
  mutation(
    "lower/trim_loops.ts",
    "isSeen(s.buffer)) stores.push(s)",
    "!isSeen(s.buffer)) stores.push(s)",
    "lower/trim_loops_test.ts",
  ),
  mutation(
    "lower/compact_buffers.ts",
    "if (long * rest % factor === offset)",
    "if (long * rest % factor === 0)",
    "lower/layout_test.ts",
  ),
  mutation(
    "lower/insert_barriers.ts",
    `if (s.kind === "for" && varies(s.extent)) return true`,
    `if (s.kind === "for" && varies(s.extent)) return false`,
    "lower/hazards_test.ts",
  ),
  // codegen
  mutation(
    "codegen/split_index.ts",
    "((l.constant % 4) + 4) % 4",
    "(l.constant % 4) % 4 & 1",
    "codegen",
    "lower",
  ),
  mutation(
    "codegen/js/print_javascript.ts",
    "!taken.has(x.buffer)",
    "taken.size >= 0",
    "codegen/floats_test.ts",
  ),
  mutation("codegen/wgsl/print_expr.ts", `le: ["<=", 1]`, `le: ["<", 1]`, "codegen/expressions_test.ts"),
  // target, estimate
  mutation(
    "target/texture.ts",
    "return height <= limits.maxTextureSize",
    "return height <= 2 * limits.maxTextureSize",
    "target",
    "runtime",
    "lower/check_limits_test.ts",
  ),
  mutation(
    "target/target_distance.ts",
    "Math.abs(Math.log2(a / b))",
    "Math.log2(a / b)",
    "target",
    "records/database_test.ts",
  ),
  mutation(
    "estimate/roofline.ts",
    "Math.max(bufferGbps, textureGbps, copyGbps)",
    "Math.max(bufferGbps, textureGbps)",
    "estimate",
  ),
  mutation(
    "estimate/work.ts",
    `x.op === "dot4I8Packed") n += 8`,
    `x.op === "dot4I8Packed") n += 4`,
    "estimate",
  ),
  // autotvm
  mutation(
    "autotvm/budget.ts",
    "Math.min(batch, (budget.trials ?? Infinity) - progress.trials)",
    "Math.min(batch, (budget.trials ?? Infinity))",
    "autotvm/budget_test.ts",
  ),
  mutation(
    "autotvm/ga.ts",
    "(left -= p.score) < 0",
    "(left -= p.score) > 0",
    "autotvm/ga_test.ts",
  ),
  mutation(
    "autotvm/ranking.ts",
    "(1 + truth * Math.sign(",
    "(1 - truth * Math.sign(",
    "autotvm/ranking_test.ts",
  ),
  mutation(
    "autotvm/gaussian_process.ts",
    "(1 + r + r * r / 3)",
    "(1 + r + r * r)",
    "autotvm/gaussian_process_test.ts",
  ),
  mutation(
    "autotvm/droplet.ts",
    "f * (f / (from[i] ?? 1)) ** times",
    "f * (f / (from[i] ?? 1))",
    "autotvm/droplet_test.ts",
  ),
  mutation(
    "autotvm/task_scheduler.ts",
    "Math.max(0, best - leastMs)",
    "Math.max(0, best)",
    "autotvm/task_scheduler_test.ts",
  ),
  // measure
  mutation(
    "measure/stopping_rule.ts",
    "n >= PROMISES && high < 1",
    "n >= PROMISES && high < 2",
    "measure/stopping_rule_test.ts",
  ),
  mutation(
    "measure/limits.ts",
    "usual > 0 ? LONG * usual : 0",
    "usual > 0 ? usual : 0",
    "measure/limits_test.ts",
  ),
  // records
  mutation(
    "records/workload_similarity.ts",
    "return Math.max(most, block.reduce",
    "return Math.min(most, block.reduce",
    "records/database_test.ts",
  ),
  mutation(
    "records/arrow_stream.ts",
    "if (end > bytes.length) break",
    "if (end > bytes.length + 8) break",
    "records/log_test.ts",
  ),
  // tuning
  mutation(
    "tuning/confirm.ts",
    "(t, k) => k < FINALISTS || t === own",
    "(_, k) => k < FINALISTS",
    "tuning/confirm_test.ts",
  ),
  mutation("tuning/dispatch.ts", "rows <= b.upTo", "rows < b.upTo", "tuning/dispatch_test.ts"),
  mutation(
    "tuning/transfer.ts",
    "if (unlike < least)",
    "if (unlike > least || least === Infinity)",
    "tuning",
    "records/database_test.ts",
  ),
  // charts, notebook
  mutation("charts/verdict.ts", "a.highMs < b.lowMs", "a.lowMs < b.highMs", "charts/verdict_test.ts"),
  mutation(
    "charts/place_labels.ts",
    "!boxes.some(",
    "boxes.length < 0 || !boxes.slice(1).some(",
    "charts/place_labels_test.ts",
  ),
  mutation(
    "notebook/diff.ts",
    "return unchanged.length > FEW",
    "return unchanged.length < FEW",
    "notebook/diff_test.ts",
  ),
  // runtime, share, cli
  mutation(
    "cli/arguments.ts",
    "if (positionals.length > wanted.length)",
    "if (positionals.length > wanted.length + 1)",
    "cli",
  ),
];
