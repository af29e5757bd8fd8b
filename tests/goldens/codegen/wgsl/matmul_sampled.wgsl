// matmul
@group(0) @binding(0) var A: texture_2d<f32>;
@group(0) @binding(1) var B: texture_2d<f32>;
@group(0) @binding(2) var<storage, read_write> C: array<vec4<f32>>;

@compute @workgroup_size(2, 1, 1)
fn main(@builtin(local_invocation_id) lid: vec3<u32>) {
  let thread_x = i32(lid.x);
  var C_local_0: vec4<f32>;
  var C_local_1: vec4<f32>;
  var C_local_2: vec4<f32>;
  var C_local_3: vec4<f32>;
  var A_local_0: vec4<f32>;
  var A_local_1: vec4<f32>;
  var A_local_2: vec4<f32>;
  var A_local_3: vec4<f32>;
  var B_local_0: vec4<f32>;
  var B_local_1: vec4<f32>;
  var B_local_2: vec4<f32>;
  var B_local_3: vec4<f32>;
  C_local_0 = vec4<f32>(0.0f);
  C_local_1 = vec4<f32>(0.0f);
  C_local_2 = vec4<f32>(0.0f);
  C_local_3 = vec4<f32>(0.0f);
  for (var k_0: i32 = 0; k_0 < 2; k_0++) {
    A_local_0 = textureLoad(A, vec2<i32>(k_0, 0), 0);
    A_local_1 = textureLoad(A, vec2<i32>(k_0, 1), 0);
    A_local_2 = textureLoad(A, vec2<i32>(k_0, 2), 0);
    A_local_3 = textureLoad(A, vec2<i32>(k_0, 3), 0);
    B_local_0 = textureLoad(B, vec2<i32>(thread_x, k_0 * 4), 0);
    B_local_1 = textureLoad(B, vec2<i32>(thread_x, k_0 * 4 + 1), 0);
    B_local_2 = textureLoad(B, vec2<i32>(thread_x, k_0 * 4 + 2), 0);
    B_local_3 = textureLoad(B, vec2<i32>(thread_x, k_0 * 4 + 3), 0);
    C_local_0 = C_local_0 + vec4<f32>(A_local_0.x) * B_local_0;
    C_local_1 = C_local_1 + vec4<f32>(A_local_1.x) * B_local_0;
    C_local_2 = C_local_2 + vec4<f32>(A_local_2.x) * B_local_0;
    C_local_3 = C_local_3 + vec4<f32>(A_local_3.x) * B_local_0;
    C_local_0 = C_local_0 + vec4<f32>(A_local_0.y) * B_local_1;
    C_local_1 = C_local_1 + vec4<f32>(A_local_1.y) * B_local_1;
    C_local_2 = C_local_2 + vec4<f32>(A_local_2.y) * B_local_1;
    C_local_3 = C_local_3 + vec4<f32>(A_local_3.y) * B_local_1;
    C_local_0 = C_local_0 + vec4<f32>(A_local_0.z) * B_local_2;
    C_local_1 = C_local_1 + vec4<f32>(A_local_1.z) * B_local_2;
    C_local_2 = C_local_2 + vec4<f32>(A_local_2.z) * B_local_2;
    C_local_3 = C_local_3 + vec4<f32>(A_local_3.z) * B_local_2;
    C_local_0 = C_local_0 + vec4<f32>(A_local_0.w) * B_local_3;
    C_local_1 = C_local_1 + vec4<f32>(A_local_1.w) * B_local_3;
    C_local_2 = C_local_2 + vec4<f32>(A_local_2.w) * B_local_3;
    C_local_3 = C_local_3 + vec4<f32>(A_local_3.w) * B_local_3;
  }
  C[thread_x] = C_local_0;
  C[thread_x + 2] = C_local_1;
  C[thread_x + 4] = C_local_2;
  C[thread_x + 6] = C_local_3;
}
