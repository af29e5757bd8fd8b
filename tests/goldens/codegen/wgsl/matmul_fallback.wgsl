// matmul
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read> B: array<f32>;
@group(0) @binding(2) var<storage, read_write> C: array<f32>;
struct Shape { k: i32 }
@group(0) @binding(3) var<uniform> shape: Shape;

@compute @workgroup_size(256, 1, 1)
fn main(@builtin(local_invocation_id) lid: vec3<u32>) {
  let k = shape.k;
  let thread_x = i32(lid.x);
  var C_local_0: f32;
  C_local_0 = 0.0f;
  let base = i32(u32(thread_x) / 11u) * k;
  let base_1 = i32(u32(thread_x) % 11u);
  for (var k_1: i32 = 0; k_1 < k; k_1++) {
    C_local_0 = C_local_0 + A[base + k_1] * B[base_1 + k_1 * 11];
  }
  if (thread_x < 143) {
    C[thread_x] = C_local_0;
  }
}
