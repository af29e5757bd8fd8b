/** The instructions of WebAssembly that kernels are made of, by the names of its text format. */

const SIMD = 0xfd_0000;
const SATURATING = 0xfc_0000;

/**
 * The opcode of each instruction (WebAssembly specification, section 5.4). One of several bytes has its prefix in the bits
 * from 16 on.
 */
// deno-fmt-ignore
export const OPCODES = {
  "block": 0x02, "loop": 0x03, "if": 0x04, "else": 0x05, "end": 0x0b, "br": 0x0c, "br_if": 0x0d, "select": 0x1b,
  "select_v128": 0x1c, "local.get": 0x20, "local.set": 0x21, "local.tee": 0x22,
  "i32.load": 0x28, "f32.load": 0x2a, "i32.load8_s": 0x2c, "i32.load8_u": 0x2d, "i32.load16_u": 0x2f, "i32.store": 0x36, "f32.store": 0x38,
  "i32.store8": 0x3a, "i32.store16": 0x3b,
  "i32.const": 0x41, "f32.const": 0x43,
  "i32.eqz": 0x45, "i32.eq": 0x46, "i32.ne": 0x47, "i32.lt_s": 0x48, "i32.lt_u": 0x49, "i32.gt_s": 0x4a,
  "i32.gt_u": 0x4b, "i32.le_s": 0x4c, "i32.le_u": 0x4d, "i32.ge_s": 0x4e, "i32.ge_u": 0x4f,
  "f32.eq": 0x5b, "f32.ne": 0x5c, "f32.lt": 0x5d, "f32.gt": 0x5e, "f32.le": 0x5f, "f32.ge": 0x60,
  "i32.add": 0x6a, "i32.sub": 0x6b, "i32.mul": 0x6c, "i32.div_s": 0x6d, "i32.div_u": 0x6e, "i32.rem_s": 0x6f,
  "i32.rem_u": 0x70, "i32.and": 0x71, "i32.or": 0x72, "i32.xor": 0x73, "i32.shl": 0x74, "i32.shr_s": 0x75,
  "i32.shr_u": 0x76, "i64.sub": 0x7d, "i64.mul": 0x7e, "i64.div_s": 0x7f, "i64.rem_s": 0x81,
  "f32.abs": 0x8b, "f32.neg": 0x8c, "f32.floor": 0x8e, "f32.nearest": 0x90, "f32.sqrt": 0x91, "f32.add": 0x92,
  "f32.sub": 0x93, "f32.mul": 0x94, "f32.div": 0x95, "f32.min": 0x96, "f32.max": 0x97,
  "i32.wrap_i64": 0xa7, "i64.extend_i32_s": 0xac, "f32.convert_i32_s": 0xb2, "f32.convert_i32_u": 0xb3,
  "i32.reinterpret_f32": 0xbc, "f32.reinterpret_i32": 0xbe,
  "i32.trunc_sat_f32_s": SATURATING, "i32.trunc_sat_f32_u": SATURATING + 1,
  "v128.load": SIMD, "v128.load16x4_s": SIMD + 3, "v128.load32_splat": SIMD + 9, "v128.store": SIMD + 11,
  "v128.const": SIMD + 12, "i8x16.shuffle": SIMD + 13, "i32x4.splat": SIMD + 17, "f32x4.splat": SIMD + 19,
  "i32x4.extract_lane": SIMD + 27, "i32x4.replace_lane": SIMD + 28, "f32x4.extract_lane": SIMD + 31,
  "f32x4.replace_lane": SIMD + 32,
  "i32x4.eq": SIMD + 55, "i32x4.ne": SIMD + 56, "i32x4.lt_s": SIMD + 57, "i32x4.lt_u": SIMD + 58,
  "i32x4.gt_s": SIMD + 59, "i32x4.gt_u": SIMD + 60, "i32x4.le_s": SIMD + 61, "i32x4.le_u": SIMD + 62,
  "i32x4.ge_s": SIMD + 63, "i32x4.ge_u": SIMD + 64,
  "f32x4.eq": SIMD + 65, "f32x4.ne": SIMD + 66, "f32x4.lt": SIMD + 67, "f32x4.gt": SIMD + 68, "f32x4.le": SIMD + 69,
  "f32x4.ge": SIMD + 70,
  "v128.not": SIMD + 77, "v128.and": SIMD + 78, "v128.andnot": SIMD + 79, "v128.or": SIMD + 80, "v128.xor": SIMD + 81,
  "v128.bitselect": SIMD + 82, "v128.store16_lane": SIMD + 89, "v128.store64_lane": SIMD + 91,
  "f32x4.floor": SIMD + 104, "f32x4.nearest": SIMD + 106,
  "i32x4.extadd_pairwise_i16x8_s": SIMD + 126, "i16x8.narrow_i32x4_u": SIMD + 134,
  "i16x8.extmul_low_i8x16_s": SIMD + 156, "i16x8.extmul_high_i8x16_s": SIMD + 157,
  "i32x4.abs": SIMD + 160, "i32x4.shl": SIMD + 171, "i32x4.shr_s": SIMD + 172, "i32x4.shr_u": SIMD + 173,
  "i32x4.add": SIMD + 174, "i32x4.sub": SIMD + 177, "i32x4.mul": SIMD + 181, "i32x4.min_s": SIMD + 182,
  "i32x4.min_u": SIMD + 183, "i32x4.max_s": SIMD + 184, "i32x4.max_u": SIMD + 185,
  "f32x4.abs": SIMD + 224, "f32x4.neg": SIMD + 225, "f32x4.sqrt": SIMD + 227, "f32x4.add": SIMD + 228,
  "f32x4.sub": SIMD + 229, "f32x4.mul": SIMD + 230, "f32x4.div": SIMD + 231, "f32x4.min": SIMD + 232,
  "f32x4.max": SIMD + 233, "f32x4.pmin": SIMD + 234, "f32x4.pmax": SIMD + 235,
  "i32x4.trunc_sat_f32x4_s": SIMD + 248, "i32x4.trunc_sat_f32x4_u": SIMD + 249,
  "f32x4.convert_i32x4_s": SIMD + 250, "f32x4.convert_i32x4_u": SIMD + 251,
  "f32x4.relaxed_madd": SIMD + 0x105,
} as const;

/** The name of an instruction. */
export type Op = keyof typeof OPCODES;

/** The types of values. */
export type WasmType = "i32" | "i64" | "f32" | "v128";

/** The byte of each type. */
export const TYPES: Readonly<Record<WasmType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, v128: 0x7b };

/** What follows an opcode: an index, a number, a place in memory (alignment and offset), lanes, sixteen bytes, a type. */
export type Immediate =
  | "none"
  | "index"
  | "i32"
  | "f32"
  | "memory"
  | "memoryLane"
  | "lane"
  | "bytes"
  | "block";

/** Finds what follows an opcode. */
export function immediateOf(op: Op): Immediate {
  switch (op) {
    case "local.get":
    case "local.set":
    case "local.tee":
    case "br":
    case "br_if":
      return "index";
    case "block":
    case "loop":
    case "if":
      return "block";
    case "i32.const":
    case "f32.const":
      return op === "i32.const" ? "i32" : "f32";
    case "v128.const":
    case "i8x16.shuffle":
      return "bytes";
    default:
      if (op.endsWith("extract_lane") || op.endsWith("replace_lane")) return "lane";
      if (op.endsWith("_lane")) return "memoryLane";
      return op.includes(".load") || op.includes(".store") ? "memory" : "none";
  }
}

/** Counts the values that an instruction takes from the stack. */
export function operandsOf(op: Op): number {
  if (UNARY.test(op)) return 1;
  if (NULLARY.has(op)) return 0;
  return op === "select" || op === "select_v128" || op.endsWith("bitselect") || op.endsWith("madd") ? 3 : 2;
}

const NULLARY: ReadonlySet<Op> = new Set([
  "block",
  "loop",
  "else",
  "end",
  "br",
  "local.get",
  "i32.const",
  "f32.const",
  "v128.const",
]);
const UNARY =
  /^(if|br_if|local\.set|local\.tee)$|\.(load|eqz|abs|neg|not|floor|nearest|sqrt|splat|extract|extadd|wrap|extend_|convert|reinterpret|trunc)/;
