// matmul
@group(0) @binding(0) var A: texture_storage_2d<rgba32uint, read>;
@group(0) @binding(1) var B: texture_storage_2d<rgba32uint, read>;
@group(0) @binding(2) var<storage, read> A_scale: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> B_scale: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> C: array<vec4<f32>>;

@compute @workgroup_size(2, 1, 1)
fn main(@builtin(local_invocation_id) lid: vec3<u32>) {
  let thread_x = i32(lid.x);
  var C_sum_0: vec4<i32>;
  var C_sum_1: vec4<i32>;
  var C_sum_2: vec4<i32>;
  var C_sum_3: vec4<i32>;
  var A_local_0: vec4<u32>;
  var A_local_1: vec4<u32>;
  var A_local_2: vec4<u32>;
  var A_local_3: vec4<u32>;
  var B_local_0: vec4<u32>;
  var B_local_1: vec4<u32>;
  var B_local_2: vec4<u32>;
  var B_local_3: vec4<u32>;
  var A_scale_local_0: vec4<f32>;
  var B_scale_local_0: vec4<f32>;
  C_sum_0 = vec4<i32>(0);
  C_sum_1 = vec4<i32>(0);
  C_sum_2 = vec4<i32>(0);
  C_sum_3 = vec4<i32>(0);
  let base = thread_x * 4;
  for (var k_0: i32 = 0; k_0 < 2; k_0++) {
    A_local_0 = textureLoad(A, vec2<i32>(k_0, 0));
    A_local_1 = textureLoad(A, vec2<i32>(k_0, 1));
    A_local_2 = textureLoad(A, vec2<i32>(k_0, 2));
    A_local_3 = textureLoad(A, vec2<i32>(k_0, 3));
    B_local_0 = textureLoad(B, vec2<i32>(k_0, base));
    B_local_1 = textureLoad(B, vec2<i32>(k_0, base + 1));
    B_local_2 = textureLoad(B, vec2<i32>(k_0, base + 2));
    B_local_3 = textureLoad(B, vec2<i32>(k_0, base + 3));
    C_sum_0 = vec4<i32>(C_sum_0.x + dot4I8Packed(A_local_0.x, B_local_0.x), C_sum_0.y + dot4I8Packed(A_local_0.x, B_local_1.x), C_sum_0.z + dot4I8Packed(A_local_0.x, B_local_2.x), C_sum_0.w + dot4I8Packed(A_local_0.x, B_local_3.x));
    C_sum_0 = vec4<i32>(C_sum_0.x + dot4I8Packed(A_local_0.y, B_local_0.y), C_sum_0.y + dot4I8Packed(A_local_0.y, B_local_1.y), C_sum_0.z + dot4I8Packed(A_local_0.y, B_local_2.y), C_sum_0.w + dot4I8Packed(A_local_0.y, B_local_3.y));
    C_sum_0 = vec4<i32>(C_sum_0.x + dot4I8Packed(A_local_0.z, B_local_0.z), C_sum_0.y + dot4I8Packed(A_local_0.z, B_local_1.z), C_sum_0.z + dot4I8Packed(A_local_0.z, B_local_2.z), C_sum_0.w + dot4I8Packed(A_local_0.z, B_local_3.z));
    C_sum_0 = vec4<i32>(C_sum_0.x + dot4I8Packed(A_local_0.w, B_local_0.w), C_sum_0.y + dot4I8Packed(A_local_0.w, B_local_1.w), C_sum_0.z + dot4I8Packed(A_local_0.w, B_local_2.w), C_sum_0.w + dot4I8Packed(A_local_0.w, B_local_3.w));
    C_sum_1 = vec4<i32>(C_sum_1.x + dot4I8Packed(A_local_1.x, B_local_0.x), C_sum_1.y + dot4I8Packed(A_local_1.x, B_local_1.x), C_sum_1.z + dot4I8Packed(A_local_1.x, B_local_2.x), C_sum_1.w + dot4I8Packed(A_local_1.x, B_local_3.x));
    C_sum_1 = vec4<i32>(C_sum_1.x + dot4I8Packed(A_local_1.y, B_local_0.y), C_sum_1.y + dot4I8Packed(A_local_1.y, B_local_1.y), C_sum_1.z + dot4I8Packed(A_local_1.y, B_local_2.y), C_sum_1.w + dot4I8Packed(A_local_1.y, B_local_3.y));
    C_sum_1 = vec4<i32>(C_sum_1.x + dot4I8Packed(A_local_1.z, B_local_0.z), C_sum_1.y + dot4I8Packed(A_local_1.z, B_local_1.z), C_sum_1.z + dot4I8Packed(A_local_1.z, B_local_2.z), C_sum_1.w + dot4I8Packed(A_local_1.z, B_local_3.z));
    C_sum_1 = vec4<i32>(C_sum_1.x + dot4I8Packed(A_local_1.w, B_local_0.w), C_sum_1.y + dot4I8Packed(A_local_1.w, B_local_1.w), C_sum_1.z + dot4I8Packed(A_local_1.w, B_local_2.w), C_sum_1.w + dot4I8Packed(A_local_1.w, B_local_3.w));
    C_sum_2 = vec4<i32>(C_sum_2.x + dot4I8Packed(A_local_2.x, B_local_0.x), C_sum_2.y + dot4I8Packed(A_local_2.x, B_local_1.x), C_sum_2.z + dot4I8Packed(A_local_2.x, B_local_2.x), C_sum_2.w + dot4I8Packed(A_local_2.x, B_local_3.x));
    C_sum_2 = vec4<i32>(C_sum_2.x + dot4I8Packed(A_local_2.y, B_local_0.y), C_sum_2.y + dot4I8Packed(A_local_2.y, B_local_1.y), C_sum_2.z + dot4I8Packed(A_local_2.y, B_local_2.y), C_sum_2.w + dot4I8Packed(A_local_2.y, B_local_3.y));
    C_sum_2 = vec4<i32>(C_sum_2.x + dot4I8Packed(A_local_2.z, B_local_0.z), C_sum_2.y + dot4I8Packed(A_local_2.z, B_local_1.z), C_sum_2.z + dot4I8Packed(A_local_2.z, B_local_2.z), C_sum_2.w + dot4I8Packed(A_local_2.z, B_local_3.z));
    C_sum_2 = vec4<i32>(C_sum_2.x + dot4I8Packed(A_local_2.w, B_local_0.w), C_sum_2.y + dot4I8Packed(A_local_2.w, B_local_1.w), C_sum_2.z + dot4I8Packed(A_local_2.w, B_local_2.w), C_sum_2.w + dot4I8Packed(A_local_2.w, B_local_3.w));
    C_sum_3 = vec4<i32>(C_sum_3.x + dot4I8Packed(A_local_3.x, B_local_0.x), C_sum_3.y + dot4I8Packed(A_local_3.x, B_local_1.x), C_sum_3.z + dot4I8Packed(A_local_3.x, B_local_2.x), C_sum_3.w + dot4I8Packed(A_local_3.x, B_local_3.x));
    C_sum_3 = vec4<i32>(C_sum_3.x + dot4I8Packed(A_local_3.y, B_local_0.y), C_sum_3.y + dot4I8Packed(A_local_3.y, B_local_1.y), C_sum_3.z + dot4I8Packed(A_local_3.y, B_local_2.y), C_sum_3.w + dot4I8Packed(A_local_3.y, B_local_3.y));
    C_sum_3 = vec4<i32>(C_sum_3.x + dot4I8Packed(A_local_3.z, B_local_0.z), C_sum_3.y + dot4I8Packed(A_local_3.z, B_local_1.z), C_sum_3.z + dot4I8Packed(A_local_3.z, B_local_2.z), C_sum_3.w + dot4I8Packed(A_local_3.z, B_local_3.z));
    C_sum_3 = vec4<i32>(C_sum_3.x + dot4I8Packed(A_local_3.w, B_local_0.w), C_sum_3.y + dot4I8Packed(A_local_3.w, B_local_1.w), C_sum_3.z + dot4I8Packed(A_local_3.w, B_local_2.w), C_sum_3.w + dot4I8Packed(A_local_3.w, B_local_3.w));
  }
  A_scale_local_0 = A_scale[0];
  B_scale_local_0 = B_scale[thread_x];
  C[thread_x] = vec4<f32>(vec4<i32>(C_sum_0.x, C_sum_0.y, C_sum_0.z, C_sum_0.w)) * vec4<f32>(A_scale_local_0.x) * B_scale_local_0;
  C[thread_x + 2] = vec4<f32>(vec4<i32>(C_sum_1.x, C_sum_1.y, C_sum_1.z, C_sum_1.w)) * vec4<f32>(A_scale_local_0.y) * B_scale_local_0;
  C[thread_x + 4] = vec4<f32>(vec4<i32>(C_sum_2.x, C_sum_2.y, C_sum_2.z, C_sum_2.w)) * vec4<f32>(A_scale_local_0.z) * B_scale_local_0;
  C[thread_x + 6] = vec4<f32>(vec4<i32>(C_sum_3.x, C_sum_3.y, C_sum_3.z, C_sum_3.w)) * vec4<f32>(A_scale_local_0.w) * B_scale_local_0;
}
