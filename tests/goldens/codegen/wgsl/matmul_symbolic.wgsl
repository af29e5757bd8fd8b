// matmul
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read> B: array<f32>;
@group(0) @binding(2) var<storage, read_write> C: array<vec4<f32>>;
struct Shape { m: i32 }
@group(0) @binding(3) var<uniform> shape: Shape;
var<workgroup> A_pad: array<vec4<f32>, 64>;
var<workgroup> B_pad: array<vec4<f32>, 16>;

@compute @workgroup_size(2, 8, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let m = shape.m;
  let block_y = i32(wid.y);
  let thread_y = i32(lid.y);
  let thread_x = i32(lid.x);
  var C_pad_0: vec4<f32>;
  var C_pad_1: vec4<f32>;
  var C_pad_2: vec4<f32>;
  var C_pad_3: vec4<f32>;
  var A_pad_local_0: f32;
  var A_pad_local_1: f32;
  var A_pad_local_2: f32;
  var A_pad_local_3: f32;
  var B_pad_local_0: vec4<f32>;
  C_pad_0 = vec4<f32>(0.0f);
  C_pad_1 = vec4<f32>(0.0f);
  C_pad_2 = vec4<f32>(0.0f);
  C_pad_3 = vec4<f32>(0.0f);
  A_pad[thread_y * 2 + thread_x] = vec4<f32>(select(0.0f, A[block_y * 192 + thread_y * 6 + thread_x * 4], block_y * 32 + thread_y < m), select(0.0f, A[block_y * 192 + thread_y * 6 + thread_x * 4 + 1], block_y * 32 + thread_y < m), select(0.0f, A[block_y * 192 + thread_y * 6 + thread_x * 4 + 2], ((block_y * 32 + thread_y < m) && (thread_x < 1))), select(0.0f, A[block_y * 192 + thread_y * 6 + thread_x * 4 + 3], ((block_y * 32 + thread_y < m) && (thread_x < 1))));
  A_pad[thread_y * 2 + thread_x + 16] = vec4<f32>(select(0.0f, A[block_y * 192 + thread_y * 6 + thread_x * 4 + 48], block_y * 32 + thread_y + 8 < m), select(0.0f, A[block_y * 192 + thread_y * 6 + thread_x * 4 + 49], block_y * 32 + thread_y + 8 < m), select(0.0f, A[block_y * 192 + thread_y * 6 + thread_x * 4 + 50], ((block_y * 32 + thread_y + 8 < m) && (thread_x < 1))), select(0.0f, A[block_y * 192 + thread_y * 6 + thread_x * 4 + 51], ((block_y * 32 + thread_y + 8 < m) && (thread_x < 1))));
  A_pad[thread_y * 2 + thread_x + 32] = vec4<f32>(select(0.0f, A[block_y * 192 + thread_y * 6 + thread_x * 4 + 96], block_y * 32 + thread_y + 16 < m), select(0.0f, A[block_y * 192 + thread_y * 6 + thread_x * 4 + 97], block_y * 32 + thread_y + 16 < m), select(0.0f, A[block_y * 192 + thread_y * 6 + thread_x * 4 + 98], ((block_y * 32 + thread_y + 16 < m) && (thread_x < 1))), select(0.0f, A[block_y * 192 + thread_y * 6 + thread_x * 4 + 99], ((block_y * 32 + thread_y + 16 < m) && (thread_x < 1))));
  A_pad[thread_y * 2 + thread_x + 48] = vec4<f32>(select(0.0f, A[block_y * 192 + thread_y * 6 + thread_x * 4 + 144], block_y * 32 + thread_y + 24 < m), select(0.0f, A[block_y * 192 + thread_y * 6 + thread_x * 4 + 145], block_y * 32 + thread_y + 24 < m), select(0.0f, A[block_y * 192 + thread_y * 6 + thread_x * 4 + 146], ((block_y * 32 + thread_y + 24 < m) && (thread_x < 1))), select(0.0f, A[block_y * 192 + thread_y * 6 + thread_x * 4 + 147], ((block_y * 32 + thread_y + 24 < m) && (thread_x < 1))));
  B_pad[thread_y * 2 + thread_x] = vec4<f32>(B[thread_y * 6 + thread_x * 4], B[thread_y * 6 + thread_x * 4 + 1], select(0.0f, B[thread_y * 6 + thread_x * 4 + 2], thread_x < 1), select(0.0f, B[thread_y * 6 + thread_x * 4 + 3], thread_x < 1));
  workgroupBarrier();
  A_pad_local_0 = A_pad[thread_y * 8].x;
  A_pad_local_1 = A_pad[thread_y * 8 + 2].x;
  A_pad_local_2 = A_pad[thread_y * 8 + 4].x;
  A_pad_local_3 = A_pad[thread_y * 8 + 6].x;
  B_pad_local_0.x = B_pad[thread_x * 8].x;
  B_pad_local_0.y = B_pad[thread_x * 8 + 2].x;
  B_pad_local_0.z = B_pad[thread_x * 8 + 4].x;
  B_pad_local_0.w = B_pad[thread_x * 8 + 6].x;
  C_pad_0 = C_pad_0 + vec4<f32>(A_pad_local_0) * B_pad_local_0;
  C_pad_1 = C_pad_1 + vec4<f32>(A_pad_local_1) * B_pad_local_0;
  C_pad_2 = C_pad_2 + vec4<f32>(A_pad_local_2) * B_pad_local_0;
  C_pad_3 = C_pad_3 + vec4<f32>(A_pad_local_3) * B_pad_local_0;
  A_pad_local_0 = A_pad[thread_y * 8].y;
  A_pad_local_1 = A_pad[thread_y * 8 + 2].y;
  A_pad_local_2 = A_pad[thread_y * 8 + 4].y;
  A_pad_local_3 = A_pad[thread_y * 8 + 6].y;
  B_pad_local_0.x = B_pad[thread_x * 8].y;
  B_pad_local_0.y = B_pad[thread_x * 8 + 2].y;
  B_pad_local_0.z = B_pad[thread_x * 8 + 4].y;
  B_pad_local_0.w = B_pad[thread_x * 8 + 6].y;
  C_pad_0 = C_pad_0 + vec4<f32>(A_pad_local_0) * B_pad_local_0;
  C_pad_1 = C_pad_1 + vec4<f32>(A_pad_local_1) * B_pad_local_0;
  C_pad_2 = C_pad_2 + vec4<f32>(A_pad_local_2) * B_pad_local_0;
  C_pad_3 = C_pad_3 + vec4<f32>(A_pad_local_3) * B_pad_local_0;
  A_pad_local_0 = A_pad[thread_y * 8].z;
  A_pad_local_1 = A_pad[thread_y * 8 + 2].z;
  A_pad_local_2 = A_pad[thread_y * 8 + 4].z;
  A_pad_local_3 = A_pad[thread_y * 8 + 6].z;
  B_pad_local_0.x = B_pad[thread_x * 8].z;
  B_pad_local_0.y = B_pad[thread_x * 8 + 2].z;
  B_pad_local_0.z = B_pad[thread_x * 8 + 4].z;
  B_pad_local_0.w = B_pad[thread_x * 8 + 6].z;
  C_pad_0 = C_pad_0 + vec4<f32>(A_pad_local_0) * B_pad_local_0;
  C_pad_1 = C_pad_1 + vec4<f32>(A_pad_local_1) * B_pad_local_0;
  C_pad_2 = C_pad_2 + vec4<f32>(A_pad_local_2) * B_pad_local_0;
  C_pad_3 = C_pad_3 + vec4<f32>(A_pad_local_3) * B_pad_local_0;
  A_pad_local_0 = A_pad[thread_y * 8].w;
  A_pad_local_1 = A_pad[thread_y * 8 + 2].w;
  A_pad_local_2 = A_pad[thread_y * 8 + 4].w;
  A_pad_local_3 = A_pad[thread_y * 8 + 6].w;
  B_pad_local_0.x = B_pad[thread_x * 8].w;
  B_pad_local_0.y = B_pad[thread_x * 8 + 2].w;
  B_pad_local_0.z = B_pad[thread_x * 8 + 4].w;
  B_pad_local_0.w = B_pad[thread_x * 8 + 6].w;
  C_pad_0 = C_pad_0 + vec4<f32>(A_pad_local_0) * B_pad_local_0;
  C_pad_1 = C_pad_1 + vec4<f32>(A_pad_local_1) * B_pad_local_0;
  C_pad_2 = C_pad_2 + vec4<f32>(A_pad_local_2) * B_pad_local_0;
  C_pad_3 = C_pad_3 + vec4<f32>(A_pad_local_3) * B_pad_local_0;
  A_pad_local_0 = A_pad[thread_y * 8 + 1].x;
  A_pad_local_1 = A_pad[thread_y * 8 + 3].x;
  A_pad_local_2 = A_pad[thread_y * 8 + 5].x;
  A_pad_local_3 = A_pad[thread_y * 8 + 7].x;
  B_pad_local_0.x = B_pad[thread_x * 8 + 1].x;
  B_pad_local_0.y = B_pad[thread_x * 8 + 3].x;
  B_pad_local_0.z = B_pad[thread_x * 8 + 5].x;
  B_pad_local_0.w = B_pad[thread_x * 8 + 7].x;
  C_pad_0 = C_pad_0 + vec4<f32>(A_pad_local_0) * B_pad_local_0;
  C_pad_1 = C_pad_1 + vec4<f32>(A_pad_local_1) * B_pad_local_0;
  C_pad_2 = C_pad_2 + vec4<f32>(A_pad_local_2) * B_pad_local_0;
  C_pad_3 = C_pad_3 + vec4<f32>(A_pad_local_3) * B_pad_local_0;
  A_pad_local_0 = A_pad[thread_y * 8 + 1].y;
  A_pad_local_1 = A_pad[thread_y * 8 + 3].y;
  A_pad_local_2 = A_pad[thread_y * 8 + 5].y;
  A_pad_local_3 = A_pad[thread_y * 8 + 7].y;
  B_pad_local_0.x = B_pad[thread_x * 8 + 1].y;
  B_pad_local_0.y = B_pad[thread_x * 8 + 3].y;
  B_pad_local_0.z = B_pad[thread_x * 8 + 5].y;
  B_pad_local_0.w = B_pad[thread_x * 8 + 7].y;
  C_pad_0 = C_pad_0 + vec4<f32>(A_pad_local_0) * B_pad_local_0;
  C_pad_1 = C_pad_1 + vec4<f32>(A_pad_local_1) * B_pad_local_0;
  C_pad_2 = C_pad_2 + vec4<f32>(A_pad_local_2) * B_pad_local_0;
  C_pad_3 = C_pad_3 + vec4<f32>(A_pad_local_3) * B_pad_local_0;
  A_pad_local_0 = A_pad[thread_y * 8 + 1].z;
  A_pad_local_1 = A_pad[thread_y * 8 + 3].z;
  A_pad_local_2 = A_pad[thread_y * 8 + 5].z;
  A_pad_local_3 = A_pad[thread_y * 8 + 7].z;
  B_pad_local_0.x = B_pad[thread_x * 8 + 1].z;
  B_pad_local_0.y = B_pad[thread_x * 8 + 3].z;
  B_pad_local_0.z = B_pad[thread_x * 8 + 5].z;
  B_pad_local_0.w = B_pad[thread_x * 8 + 7].z;
  C_pad_0 = C_pad_0 + vec4<f32>(A_pad_local_0) * B_pad_local_0;
  C_pad_1 = C_pad_1 + vec4<f32>(A_pad_local_1) * B_pad_local_0;
  C_pad_2 = C_pad_2 + vec4<f32>(A_pad_local_2) * B_pad_local_0;
  C_pad_3 = C_pad_3 + vec4<f32>(A_pad_local_3) * B_pad_local_0;
  A_pad_local_0 = A_pad[thread_y * 8 + 1].w;
  A_pad_local_1 = A_pad[thread_y * 8 + 3].w;
  A_pad_local_2 = A_pad[thread_y * 8 + 5].w;
  A_pad_local_3 = A_pad[thread_y * 8 + 7].w;
  B_pad_local_0.x = B_pad[thread_x * 8 + 1].w;
  B_pad_local_0.y = B_pad[thread_x * 8 + 3].w;
  B_pad_local_0.z = B_pad[thread_x * 8 + 5].w;
  B_pad_local_0.w = B_pad[thread_x * 8 + 7].w;
  C_pad_0 = C_pad_0 + vec4<f32>(A_pad_local_0) * B_pad_local_0;
  C_pad_1 = C_pad_1 + vec4<f32>(A_pad_local_1) * B_pad_local_0;
  C_pad_2 = C_pad_2 + vec4<f32>(A_pad_local_2) * B_pad_local_0;
  C_pad_3 = C_pad_3 + vec4<f32>(A_pad_local_3) * B_pad_local_0;
  if (block_y * 32 + thread_y * 4 < m) {
    C[block_y * 64 + thread_y * 8 + thread_x] = C_pad_0;
  }
  if (block_y * 32 + thread_y * 4 + 1 < m) {
    C[block_y * 64 + thread_y * 8 + thread_x + 2] = C_pad_1;
  }
  if (block_y * 32 + thread_y * 4 + 2 < m) {
    C[block_y * 64 + thread_y * 8 + thread_x + 4] = C_pad_2;
  }
  if (block_y * 32 + thread_y * 4 + 3 < m) {
    C[block_y * 64 + thread_y * 8 + thread_x + 6] = C_pad_3;
  }
}
