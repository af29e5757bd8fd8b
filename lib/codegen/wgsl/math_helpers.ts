/** Functions of WGSL for what its built-in ones leave open, or compute too coarsely. */
import { lanesOf, scalarOf, withLanes } from "../../ir/dtype.ts";
import type { DType } from "../../ir/dtype.ts";
import { wgslType } from "./types.ts";

/** A function of a kernel's source. */
export interface Helper {
  /** Its name. */
  readonly name: string;
  /** Its source. */
  readonly source: string;
  /** The functions that it calls. */
  readonly calls: readonly Helper[];
}

/** The float with these bits. WGSL has no literals of infinity or NaN, and refuses constants that have such a value. */
export const FROM_BITS: Helper = {
  name: "from_bits",
  source: "fn from_bits(bits: u32) -> f32 { return bitcast<f32>(bits); }",
  calls: [],
};

/** The error function by Abramowitz and Stegun, 7.1.26: absolute error below 1.5e-7. */
export function erfHelper(dtype: DType): Helper {
  const type = wgslType(dtype), name = `erf_${dtype}`;
  return {
    name,
    source: `fn ${name}(x: ${type}) -> ${type} {\n  let a = abs(x);\n  let t = 1 / (1 + 0.3275911 * a);\n` +
      `  let p = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;\n` +
      `  return sign(x) * (1 - p * exp(-a * a));\n}`,
    calls: [],
  };
}

/**
 * Sine and cosine of f32. WGSL asks for an absolute error below 2⁻¹¹ within ±π and for nothing beyond. Here the angle is
 * reduced to ±π/4 (Cody and Waite): π/2 is taken in three parts, of 5, 5 and 24 bits, so that the first two products are
 * exact for up to 2¹⁹ quarters. Cephes' polynomials follow. The error is below 2⁻²² up to 800,000 radians. It grows with
 * the angle from there; the result stays within [-1, 1].
 */
export function angleHelper(op: "sin" | "cos", dtype: DType): Helper {
  if (scalarOf(dtype) === "f16") return throughF32(op, dtype, angleHelper(op, withF32(dtype)));
  const type = wgslType(dtype), name = `${op}_${dtype}`;
  const [u32, i32] = [withLanes("u32", lanesOf(dtype)), withLanes("i32", lanesOf(dtype))].map(wgslType);
  return {
    name,
    source: [
      `fn ${name}(x: ${type}) -> ${type} {`,
      `  let k = round(x * 0.636619772f);`,
      `  let r = x - k * 1.5625f - k * 0.00830078125f - k * -4.454455103380769e-6f;`,
      `  let s = r * r;`,
      `  let sine = r + r * s * (-0.16666654611f + s * (0.0083321608736f + s * -0.00019515295891f));`,
      `  let cosine = 1.0f - 0.5f * s + ` +
      `s * s * (0.04166664568298827f + s * (-0.001388731625493765f + s * 0.00002443315711809948f));`,
      `  let quarter = ${u32}(${i32}(k))${op === "sin" ? "" : ` + ${u32}(1u)`};`,
      `  let size = clamp(select(sine, cosine, (quarter & ${u32}(1u)) != ${u32}(0u)), ${type}(-1.0f), ${type}(1.0f));`,
      `  return bitcast<${type}>(bitcast<${u32}>(size) ^ ((quarter & ${u32}(2u)) << ${u32}(30u)));`,
      `}`,
    ].join("\n"),
    calls: [],
  };
}

/**
 * Absolute values of i32. WGSL's own of -2³¹ is -2³¹, but a driver may take `abs` for a number that is not negative and
 * drop a second one.
 */
export function absHelper(dtype: DType): Helper {
  const type = wgslType(dtype), name = `abs_${dtype}`;
  const places = `${wgslType(withLanes("u32", lanesOf(dtype)))}(31u)`;
  return {
    name,
    source: [
      `fn ${name}(x: ${type}) -> ${type} {`,
      `  let signs = x >> ${places};`,
      `  return (x ^ signs) - signs;`,
      `}`,
    ].join("\n"),
    calls: [],
  };
}

/** Powers as IEEE 754 has them: of negative numbers with whole exponents, and of zero. WGSL's are of positive ones. */
export function powHelper(dtype: DType): Helper {
  const type = wgslType(dtype), name = `pow_${dtype}`;
  return {
    name,
    source: [
      `fn ${name}(x: ${type}, y: ${type}) -> ${type} {`,
      `  let none = ${type}(0);`,
      `  let a = abs(x);`,
      `  let whole = floor(y) == y;`,
      `  let odd = whole & (floor(y * 0.5) * 2 != y);`,
      `  var size = select(pow(a, y), select(1 / a, none, y > none), a == none);`,
      `  size = select(size, -size, odd & (x < none));`,
      `  size = select(size, ${type}(1), y == none);`,
      `  return select(size, ${type}(${scalarOf(dtype)}(from_bits(0x7fc00000u))), (x < none) & !whole);`,
      `}`,
    ].join("\n"),
    calls: [FROM_BITS],
  };
}

/** A float as an integer: rounded toward zero, the nearest end of the range from beyond it, 0 from NaN. */
export function integerHelper(from: DType, to: DType): Helper {
  if (scalarOf(from) === "f16") {
    const inner = integerHelper(withF32(from), to);
    const name = `${to}_of_${from}`;
    const source = `fn ${name}(x: ${wgslType(from)}) -> ${wgslType(to)} ` +
      `{ return ${inner.name}(${wgslType(withF32(from))}(x)); }`;
    return { name, source, calls: [inner] };
  }
  const float = wgslType(from), int = wgslType(to), bits = wgslType(withLanes("u32", lanesOf(from)));
  const name = `${to}_of_${from}`;
  // The largest f32 that the type has, and the power of two past its end.
  const [lo, most, past, hi] = scalarOf(to) === "i32"
    ? ["-2147483648.0f", "2147483520.0f", "2147483648.0f", "2147483647"]
    : ["0.0f", "4294967040.0f", "4294967296.0f", "4294967295u"];
  return {
    name,
    source: [
      `fn ${name}(x: ${float}) -> ${int} {`,
      `  let inside = ${int}(clamp(x, ${float}(${lo}), ${float}(${most})));`,
      // Compilers may take it that x is a number, and that x != x is false: the bits tell.
      `  let none = (bitcast<${bits}>(x) & ${bits}(0x7fffffffu)) > ${bits}(0x7f800000u);`,
      `  return select(select(inside, ${int}(${hi}), x >= ${float}(${past})), ${int}(0), none);`,
      `}`,
    ].join("\n"),
    calls: [],
  };
}

function withF32(dtype: DType): DType {
  return withLanes("f32", lanesOf(dtype));
}

function throughF32(op: string, dtype: DType, inner: Helper): Helper {
  const type = wgslType(dtype), name = `${op}_${dtype}`;
  const source = `fn ${name}(x: ${type}) -> ${type} { return ${type}(${inner.name}(${
    wgslType(withF32(dtype))
  }(x))); }`;
  return { name, source, calls: [inner] };
}
