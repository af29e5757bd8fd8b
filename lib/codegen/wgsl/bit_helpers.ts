/** Functions of WGSL on the bits of numbers, and what helpers share. */
import { type DType, lanesOf, scalarOf, withLanes } from "../../ir/dtype.ts";
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

/** Floats with the bits of integers. WGSL refuses the bits of NaN in a constant, and takes them as an argument. */
export function floatOfBitsHelper(dtype: DType): Helper {
  const name = `float_of_${dtype}`, result = wgslType(withLanes("f32", lanesOf(dtype)));
  return {
    name,
    source: `fn ${name}(bits: ${wgslType(dtype)}) -> ${result} { return bitcast<${result}>(bits); }`,
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

/**
 * Whether a float is NaN. Compilers may take it that none is, and that x != x is false: the bits tell. f16 is compared in
 * f32, which keeps NaN.
 */
export function isNaNHelper(dtype: DType): Helper {
  const name = `is_nan_${dtype}`, result = wgslType(withLanes("bool", lanesOf(dtype)));
  const word = wgslType(withLanes("u32", lanesOf(dtype)));
  const x = scalarOf(dtype) === "f16" ? `${wgslType(withF32(dtype))}(x)` : "x";
  return {
    name,
    source: `fn ${name}(x: ${wgslType(dtype)}) -> ${result} ` +
      `{ return (bitcast<${word}>(${x}) & ${word}(0x7fffffffu)) > ${word}(0x7f800000u); }`,
    calls: [],
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

/** The type of f32 with the lanes of another. */
export function withF32(dtype: DType): DType {
  return withLanes("f32", lanesOf(dtype));
}

/** A function of f16 that is computed in f32. */
export function throughF32(op: string, dtype: DType, inner: Helper): Helper {
  const type = wgslType(dtype), name = `${op}_${dtype}`;
  const source = `fn ${name}(x: ${type}) -> ${type} { return ${type}(${inner.name}(${
    wgslType(withF32(dtype))
  }(x))); }`;
  return { name, source, calls: [inner] };
}
