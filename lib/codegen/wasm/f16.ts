/** Halves in WebAssembly, which has none: kernels compute with them as f32, and these convert four at a time. */
import type { Body } from "./body.ts";

/** The bits of 65,536, the least f32 beyond all halves, and of 2⁻¹⁴, the least normal half. */
const BEYOND = 0x47800000, NORMAL = 0x38800000, INFINITE = 0x7f800000, SIGN = -(2 ** 31);

/**
 * Converts the halves on the stack, each the sign-extended 16 bits of an integer, to f32. Multiplying by 2¹¹² moves the
 * exponent, and is exact for subnormal numbers too.
 */
export function decodeHalves(body: Body): void {
  body.temps("v128", 2, ([half = 0, moved = 0]) => {
    body.set(half);
    body.get(half).i32(13).op("i32x4.shl").i32x4(0x0fffe000).op("v128.and").tee(moved);
    body.f32x4(2 ** 112).op("f32x4.mul");
    body.get(moved).i32x4(0x0f7fe000).op("i32x4.gt_s").i32x4(INFINITE).op("v128.and").op("v128.or");
    body.get(half).i32x4(SIGN).op("v128.and").op("v128.or");
  });
}

/** Converts the floats on the stack to the bits of the nearest halves, each in an integer; of two to the even one. */
export function encodeHalves(body: Body): void {
  body.temps("v128", 2, ([x = 0, size = 0]) => {
    body.set(x).get(x).i32x4(~SIGN).op("v128.and").set(size);
    // Numbers that are subnormal as halves: adding ½ leaves the bits of the half at the end of the mantissa.
    body.get(size).f32x4(0.5).op("f32x4.add").i32x4(0x3f000000).op("i32x4.sub");
    // Normal numbers are rounded by what is added below the last bit of a half.
    body.get(size).get(size).i32(13).op("i32x4.shr_u").i32x4(1).op("v128.and").op("i32x4.add");
    body.i32x4(0x38000000 - 0xfff).op("i32x4.sub").i32(13).op("i32x4.shr_u");
    body.get(size).i32x4(NORMAL).op("i32x4.lt_s").op("v128.bitselect");
    body.i32x4(0x7c00).get(size).i32x4(INFINITE).op("i32x4.gt_s").i32x4(0x200).op("v128.and").op("v128.or");
    body.get(size).i32x4(BEYOND).op("i32x4.lt_s").op("v128.bitselect");
    body.get(x).i32(16).op("i32x4.shr_u").i32x4(0x8000).op("v128.and").op("v128.or");
  });
}

/** Rounds the floats on the stack to the nearest halves. */
export function roundToHalves(body: Body): void {
  body.temps("v128", 3, ([x = 0, size = 0, rounded = 0]) => {
    body.set(x).get(x).i32x4(~SIGN).op("v128.and").set(size);
    body.get(size).get(size).i32(13).op("i32x4.shr_u").i32x4(1).op("v128.and").op("i32x4.add");
    body.i32x4(0xfff).op("i32x4.add").i32x4(~0x1fff).op("v128.and").set(rounded);
    // What is rounded past the halves is infinite; what is no number stays so.
    body.get(size).i32x4(INFINITE).get(size).i32x4(INFINITE).op("i32x4.gt_s").op("v128.bitselect");
    body.get(rounded).get(rounded).i32x4(BEYOND).op("i32x4.ge_u").op("v128.bitselect").set(rounded);
    // Subnormal halves are multiples of 2⁻²⁴, the last bit of numbers from ½ on.
    body.get(size).f32x4(0.5).op("f32x4.add").f32x4(0.5).op("f32x4.sub");
    body.get(rounded).get(size).i32x4(NORMAL).op("i32x4.lt_s").op("v128.bitselect");
    body.get(x).i32x4(SIGN).op("v128.and").op("v128.or");
  });
}
