/**
 * Names that mean something in WGSL without a declaration, from its specification. A declaration of the same name would
 * hide the type or the function from the rest of the module, so no identifier of a program is one of them.
 */

/** How the names of large families begin: types with a size, texel formats, functions of one kind. */
export const WGSL_FAMILIES =
  /^((texture|atomic|subgroup|quad|workgroup|storage)[A-Z_]|(un)?pack\d|(vec|mat)\d|(r|rg|rgba|bgra)(8|16|32|64)[usf])/;

/** All others. Names of attributes, built-in values and extensions mean something in their place only (section 3.8). */
// deno-fmt-ignore
export const WGSL_WORDS: readonly string[] = [
  // Types and generators of types, with their aliases (sections 6.2 to 6.9)
  "bool f16 f32 f64 i32 i64 u32 u64 array atomic ptr sampler sampler_comparison acceleration_structure ray_query RayDesc",
  "RayIntersection",
  // Access modes, address spaces and texel formats (section 6.3)
  "read write read_write function private workgroup uniform storage handle push_constant immediate rgb10a2unorm rgb10a2uint",
  "rg11b10ufloat",
  // Functions (section 17)
  "bitcast all any select arrayLength",
  "abs acos acosh asin asinh atan atanh atan2 ceil clamp cos cosh countLeadingZeros countOneBits countTrailingZeros cross",
  "degrees determinant distance dot dot4U8Packed dot4I8Packed exp exp2 extractBits faceForward firstLeadingBit",
  "firstTrailingBit floor fma fract frexp insertBits inverse inverseSqrt ldexp length log log2 max min mix modf normalize",
  "outerProduct pow quantizeToF16 radians reflect refract reverseBits round saturate sign sin sinh smoothstep sqrt step",
  "tan tanh transpose trunc dpdx dpdxCoarse dpdxFine dpdy dpdyCoarse dpdyFine fwidth fwidthCoarse fwidthFine",
].flatMap((line) => line.split(" "));
