/**
 * Names that mean something in WGSL without a declaration, from its specification. A declaration of the same name would
 * hide the type or the function from the rest of the module, so no identifier of a program is one of them.
 */

/** How the names of large families begin: types with a size, texel formats, functions of one kind. */
export const WGSL_FAMILIES =
  /^((texture|atomic|subgroup|quad|workgroup|storage)[A-Z_]|(array|count|dpd[xy]|extract|face|first|fwidth|insert|inverse|outer|quantize|reverse)[A-Z]|(un)?pack\d|dot4|(vec|mat)\d|(r|rg|rgba|bgra)(8|16|32|64)[usf]|a?(cos|sin|tan)h?$)/;

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
  "bitcast all any select abs atan2 ceil clamp cross degrees determinant distance dot exp exp2 floor fma fract frexp inverse",
  "ldexp length log log2 max min mix modf normalize pow radians reflect refract round saturate sign smoothstep sqrt step",
  "transpose trunc dpdx dpdy fwidth",
].flatMap((line) => line.split(" "));
