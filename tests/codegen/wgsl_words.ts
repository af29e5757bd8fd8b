/** All names that mean something in WGSL without a declaration, from its specification. */

/** Types and generators of types, with their aliases (sections 6.2 to 6.9). */
// deno-fmt-ignore
const TYPES = [
  "bool f16 f32 f64 i32 i64 u32 u64 array atomic ptr sampler sampler_comparison",
  "texture_1d texture_2d texture_2d_array texture_3d texture_cube texture_cube_array texture_multisampled_2d",
  "texture_storage_1d texture_storage_2d texture_storage_2d_array texture_storage_3d texture_external",
  "texture_depth_2d texture_depth_2d_array texture_depth_cube texture_depth_cube_array texture_depth_multisampled_2d",
  "acceleration_structure ray_query RayDesc RayIntersection",
  ...[2, 3, 4].map((n) => `vec${n} vec${n}i vec${n}u vec${n}f vec${n}h`),
  ...[2, 3, 4].flatMap((m) => [2, 3, 4].map((n) => `mat${m}x${n} mat${m}x${n}f mat${m}x${n}h`)),
];

/** Access modes, address spaces and texel formats (section 6.3). */
// deno-fmt-ignore
const ENUMERANTS = [
  "read write read_write function private workgroup uniform storage handle push_constant immediate",
  ...["r", "rg", "rgba"].flatMap((c) => [
    ...["unorm", "snorm", "uint", "sint"].flatMap((t) => [`${c}8${t}`, `${c}16${t}`]),
    ...["uint", "sint", "float"].map((t) => `${c}32${t}`),
    `${c}16float`,
  ]),
  "bgra8unorm rgb10a2unorm rgb10a2uint rg11b10ufloat r64uint",
];

/** Functions (section 17). */
// deno-fmt-ignore
const FUNCTIONS = [
  "bitcast all any select arrayLength",
  "abs acos acosh asin asinh atan atanh atan2 ceil clamp cos cosh countLeadingZeros countOneBits countTrailingZeros cross",
  "degrees determinant distance dot dot4U8Packed dot4I8Packed exp exp2 extractBits faceForward firstLeadingBit",
  "firstTrailingBit floor fma fract frexp insertBits inverse inverseSqrt ldexp length log log2 max min mix modf normalize",
  "outerProduct pow quantizeToF16 radians reflect refract reverseBits round saturate sign sin sinh smoothstep sqrt step",
  "tan tanh transpose trunc dpdx dpdxCoarse dpdxFine dpdy dpdyCoarse dpdyFine fwidth fwidthCoarse fwidthFine",
  "textureDimensions textureGather textureGatherCompare textureLoad textureNumLayers textureNumLevels textureNumSamples",
  "textureSample textureSampleBias textureSampleCompare textureSampleCompareLevel textureSampleGrad textureSampleLevel",
  "textureSampleBaseClampToEdge textureStore textureAtomicMin textureAtomicMax textureAtomicAdd textureAtomicAnd",
  "textureAtomicOr textureAtomicXor atomicLoad atomicStore atomicAdd atomicSub atomicMax atomicMin atomicAnd atomicOr",
  "atomicXor atomicExchange atomicCompareExchangeWeak",
  "pack4x8snorm pack4x8unorm pack4xI8 pack4xU8 pack4xI8Clamp pack4xU8Clamp pack2x16snorm pack2x16unorm pack2x16float",
  "unpack4x8snorm unpack4x8unorm unpack4xI8 unpack4xU8 unpack2x16snorm unpack2x16unorm unpack2x16float",
  "storageBarrier textureBarrier workgroupBarrier workgroupUniformLoad subgroupBarrier",
  "subgroupAdd subgroupExclusiveAdd subgroupInclusiveAdd subgroupAll subgroupAnd subgroupAny subgroupBallot",
  "subgroupBroadcast subgroupBroadcastFirst subgroupElect subgroupMax subgroupMin subgroupMul subgroupExclusiveMul",
  "subgroupInclusiveMul subgroupOr subgroupShuffle subgroupShuffleDown subgroupShuffleUp subgroupShuffleXor subgroupXor",
  "quadBroadcast quadSwapDiagonal quadSwapX quadSwapY",
];

/** Names that mean something in their place only: attributes, built-in values, extensions, diagnostics (section 16.3). */
// deno-fmt-ignore
const IN_CONTEXT = [
  "align binding blend_src builtin compute const diagnostic fragment group id interpolate invariant location must_use",
  "size vertex workgroup_size vertex_index instance_index clip_distances position front_facing frag_depth sample_index",
  "sample_mask local_invocation_id local_invocation_index global_invocation_id global_invocation_index workgroup_id",
  "workgroup_index num_workgroups subgroup_invocation_id subgroup_size subgroup_id num_subgroups primitive_index",
  "error warning info off derivative_uniformity subgroup_uniformity dual_source_blending subgroups",
  "readonly_and_readwrite_storage_textures packed_4x8_integer_dot_product unrestricted_pointer_parameters",
  "pointer_composite_access uniform_buffer_standard_layout texture_and_sampler_let texture_formats_tier1 linear_indexing",
  "perspective linear flat center centroid sample first either",
];

/** All of them. */
export const WGSL_WORDS: readonly string[] = [TYPES, ENUMERANTS, FUNCTIONS, IN_CONTEXT].flatMap((lines) =>
  lines.flatMap((line) => line.split(" "))
);
