/** Faults in how programs are made, read and executed by definition. */
import { type Fault, fault } from "./fault.ts";

export const PROGRAMS: readonly Fault[] = [
  // base
  fault(
    "base/statistics.ts",
    "const at = q * (s.length - 1)",
    "const at = q * s.length",
    "base/statistics_test.ts",
  ),
  fault("base/erf.ts", "if (a < 2.5)", "if (a < 0.25)", "base/erf_test.ts"),
  fault(
    "base/random.ts",
    "const j = this.int(i + 1)",
    "const j = this.int(Math.max(1, i))",
    "base/random_test.ts",
  ),
  fault("base/hash.ts", "low * 0x100", "low * 0x10", "ir/fingerprint_test.ts"),
  fault(
    "base/statistics.ts",
    "if (2 * below > MISSES) break",
    "if (below > MISSES) break",
    "base/statistics_test.ts",
  ),
  // ir
  fault(
    "ir/fold.ts",
    "wrap(Math.floor(a / b), dtype)",
    "wrap(Math.trunc(a / b), dtype)",
    "arith/wrap_test.ts",
  ),
  fault("ir/fold.ts", "return +(a <= b)", "return +(a < b)", "arith/analyzer_test.ts"),
  fault(
    "ir/reducer.ts",
    "if (!isSelf(v.a) && !isSelf(v.b)) return undefined",
    "if (!isSelf(v.a)) return undefined",
    "ir/reducer_test.ts",
  ),
  fault(
    "ir/shapes.ts",
    "if (Number.isSafeInteger(value) && value > 0) continue",
    "if (value > 0) continue",
    "ir/shapes_test.ts",
  ),
  fault(
    "ir/equal.ts",
    "x.stored === y.stored && x.scope === y.scope &&",
    "x.stored === y.stored &&",
    "ir/equal_test.ts",
  ),
  fault(
    "ir/flatten_block.ts",
    "reduce.map((e) => eq(e, 0))",
    "reduce.map((e) => eq(e, 1))",
    "lower/blockize_test.ts",
  ),
  fault("ir/fold_call.ts", 'e.dtype === "i32" ? value | 0 : value', "value", "arith/wrap_test.ts"),
  fault("ir/domain.ts", "below <= highest + 1", "below <= highest", "ir/domain_test.ts"),
  fault("ir/shapes.ts", "unknown.length !== 1 ||", "unknown.length === 0 ||", "ir/shapes_test.ts"),
  // arith
  fault(
    "arith/interval.ts",
    "return [Math.min(a, c), Math.min(b, d)]",
    "return [Math.min(b, d), Math.min(b, d)]",
    "arith/analyzer_test.ts",
  ),
  fault(
    "arith/interval.ts",
    "return [Math.max(a, c), Math.max(b, d)]",
    "return [Math.max(a, c), Math.min(b, d)]",
    "arith/analyzer_test.ts",
  ),
  fault(
    "arith/floor_div_linear.ts",
    "if (g > 1 && g < c) steps.add(g)",
    "if (g > 1 && g <= c) steps.add(2 * g)",
    "arith/analyzer_test.ts",
  ),
  fault(
    "arith/linear.ts",
    "if (t.coeff % c === 0) whole.set(key, { atom: t.atom, coeff: t.coeff / c })",
    "if (t.coeff % c !== 1) whole.set(key, { atom: t.atom, coeff: Math.floor(t.coeff / c) })",
    "arith/analyzer_test.ts",
  ),
  fault(
    "arith/normalize_comparison.ts",
    "le: (a, b) => [a, b, 1]",
    "le: (a, b) => [a, b, 0]",
    "arith/analyzer_test.ts",
  ),
  fault(
    "arith/prove.ts",
    "if (ranges.boundsOf(l)[0] >= 0) return true",
    "if (ranges.boundsOf(l)[0] >= -1) return true",
    "arith/analyzer_test.ts",
  ),
  fault(
    "arith/region.ts",
    "inner.extent.value >= e.b.value",
    "inner.extent.value > 1",
    "arith/region_test.ts",
  ),
  fault(
    "arith/multiply_linear.ts",
    "addTerm(terms, key, t.atom, scaleCoeff(b.constant, t.coeff))",
    "addTerm(terms, key, t.atom, scaleCoeff(a.constant, t.coeff))",
    "arith/powers_test.ts",
  ),
  // interp
  fault(
    "interp/translate.ts",
    'if (own?.kind === "const" && extent.kind === "const") return own.value <= extent.value',
    'if (own?.kind === "const" && extent.kind === "const") return true',
    "interp/interpret_test.ts",
  ),
  fault(
    "interp/translate.ts",
    "t >= 0 && t < ${this.expr(dimension)}",
    "t < ${this.expr(dimension)}",
    "interp/interpret_test.ts",
  ),
  fault(
    "interp/translate.ts",
    "return wrapped(`Math.max(${lo}, Math.min(${hi}, ${text}))`, to)",
    "return wrapped(text, to)",
    "interp/interpret_test.ts",
  ),
  fault(
    "interp/translate.ts",
    "((p, q) => p - Math.floor(p / q) * q)(${a}, ${b})",
    "((p, q) => p % q)(${a}, ${b})",
    "interp/interpret_test.ts",
  ),
  fault(
    "interp/interchange.ts",
    "nest.some((l, k) => nest.slice(k + 1).some(",
    "nest.some((l, k) => nest.slice(k + 2).some(",
    "interp/interchange_test.ts",
  ),
  fault(
    "interp/error_bounds.ts",
    "x * eb + y * ea + ea * eb",
    "x * ea + y * eb + ea * eb",
    "interp/error_bounds_test.ts",
  ),
  fault(
    "interp/error_bounds.ts",
    "(v === a ? ea : eb)",
    "(v === a ? eb : ea)",
    "interp/error_bounds_test.ts",
  ),
  fault(
    "interp/place_arrays.ts",
    "return new Float64Array(size).fill(NaN)",
    "return new Float64Array(size).fill(0)",
    "interp/interpret_test.ts",
  ),
  // te
  fault(
    "te/prim_func.ts",
    "order.sort((a, b) => a.age - b.age)",
    "order.sort((a, b) => b.age - a.age)",
    "te/compute_test.ts",
  ),
  fault(
    "te/prim_func.ts",
    "value.from ?? identityOf(value.op, dtype).value",
    "value.from ?? 0",
    "te/compute_test.ts",
  ),
  fault(
    "te/prim_func.ts",
    "if (own !== buffer.name || buffer.stored)",
    "if (own === buffer.name || buffer.stored)",
    "te/compute_test.ts",
  ),
  fault(
    "te/is_deeper_than.ts",
    "if (depth > most) return true",
    "if (depth > most + 1) return true",
    "te/compute_test.ts",
  ),
  fault(
    "te/compute.ts",
    'isRounded(element.op) && scalar.dtype === "f16"',
    'element.op === "max" && scalar.dtype === "f16"',
    "te/compute_test.ts",
  ),
  fault("te/dimension.ts", "d > 0 && d < LIMIT", "d >= 0 && d < LIMIT", "te/compute_test.ts"),
  fault(
    "te/dimension.ts",
    "const v = vars.get(d) ?? variable(d);",
    "const v = variable(d);",
    "te/compute_test.ts",
  ),
  // op
  fault(
    "op/window.ts",
    "dilation[d] * (kernel[d] - 1) + 1",
    "dilation[d] * kernel[d]",
    "op/images_test.ts",
  ),
  fault(
    "op/rope.ts",
    "constant(-Math.log(theta) / half",
    "constant(-Math.log(theta) / headDim",
    "op/tokens_test.ts",
  ),
  fault("op/attention.ts", "1 / Math.sqrt(headDim)", "1 / headDim", "op/tokens_test.ts"),
  fault(
    "op/quantize_q4.ts",
    "Math.max(0, Math.round(w) + 7)",
    "Math.max(0, Math.round(w) + 8)",
    "op/quantize_q4_test.ts",
  ),
  fault(
    "op/quantize_i8.ts",
    "Math.fround(largest / 127)",
    "Math.fround(largest / 128)",
    "op/products_i8_test.ts",
  ),
  fault(
    "op/attention_mask.ts",
    "const at = [h, i, l].slice(-rank)",
    "const at = [h, i, l].slice(0, rank)",
    "op/attention_options_test.ts",
  ),
  fault(
    "op/rope_scaling.ts",
    "max(min(part, f32(1)), f32(0))",
    "max(part, f32(0))",
    "op/rope_options_test.ts",
  ),
  fault(
    "op/window.ts",
    ">= size.value + before ? all - 1 : all",
    "> size.value + before ? all - 1 : all",
    "op/window_options_test.ts",
  ),
  fault("op/window.ts", "[p[0], p[1], p[0], p[1]]", "[p[0], p[0], p[1], p[1]]", "op/images_test.ts"),
  fault("op/pool.ts", "mul(j.var, dilation[1])", "mul(j.var, dilation[0])", "op/window_options_test.ts"),
];
