// matmul
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read> B: array<f32>;
@group(0) @binding(2) var<storage, read_write> C: array<vec4<f32>>;
struct Shape { m: i32 }
@group(0) @binding(3) var<uniform> shape: Shape;
var<workgroup> A_pad: array<vec4<f32>, 72>;
var<workgroup> B_pad: array<vec4<f32>, 24>;

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
  var A_pad_local_0: vec4<f32>;
  var B_pad_local_0: vec4<f32>;
  C_pad_0 = vec4<f32>(0.0f);
  C_pad_1 = vec4<f32>(0.0f);
  C_pad_2 = vec4<f32>(0.0f);
  C_pad_3 = vec4<f32>(0.0f);
  A_pad[thread_x * 9 + (thread_y & 3) * 18 + (thread_y >> 2u)] = vec4<f32>(select(0.0f, A[block_y * 192 + (thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2], ((block_y * 32 + (thread_y >> 2u) * 4 < m) && (thread_x + (thread_y & 3) * 2 < 6))), select(0.0f, A[block_y * 192 + (thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 6], ((block_y * 32 + (thread_y >> 2u) * 4 + 1 < m) && (thread_x + (thread_y & 3) * 2 < 6))), select(0.0f, A[block_y * 192 + (thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 12], ((block_y * 32 + (thread_y >> 2u) * 4 + 2 < m) && (thread_x + (thread_y & 3) * 2 < 6))), select(0.0f, A[block_y * 192 + (thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 18], ((block_y * 32 + (thread_y >> 2u) * 4 + 3 < m) && (thread_x + (thread_y & 3) * 2 < 6))));
  A_pad[thread_x * 9 + (thread_y & 3) * 18 + (thread_y >> 2u) + 2] = vec4<f32>(select(0.0f, A[block_y * 192 + (thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 48], ((block_y * 32 + (thread_y >> 2u) * 4 + 8 < m) && (thread_x + (thread_y & 3) * 2 < 6))), select(0.0f, A[block_y * 192 + (thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 54], ((block_y * 32 + (thread_y >> 2u) * 4 + 9 < m) && (thread_x + (thread_y & 3) * 2 < 6))), select(0.0f, A[block_y * 192 + (thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 60], ((block_y * 32 + (thread_y >> 2u) * 4 + 10 < m) && (thread_x + (thread_y & 3) * 2 < 6))), select(0.0f, A[block_y * 192 + (thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 66], ((block_y * 32 + (thread_y >> 2u) * 4 + 11 < m) && (thread_x + (thread_y & 3) * 2 < 6))));
  A_pad[thread_x * 9 + (thread_y & 3) * 18 + (thread_y >> 2u) + 4] = vec4<f32>(select(0.0f, A[block_y * 192 + (thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 96], ((block_y * 32 + (thread_y >> 2u) * 4 + 16 < m) && (thread_x + (thread_y & 3) * 2 < 6))), select(0.0f, A[block_y * 192 + (thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 102], ((block_y * 32 + (thread_y >> 2u) * 4 + 17 < m) && (thread_x + (thread_y & 3) * 2 < 6))), select(0.0f, A[block_y * 192 + (thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 108], ((block_y * 32 + (thread_y >> 2u) * 4 + 18 < m) && (thread_x + (thread_y & 3) * 2 < 6))), select(0.0f, A[block_y * 192 + (thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 114], ((block_y * 32 + (thread_y >> 2u) * 4 + 19 < m) && (thread_x + (thread_y & 3) * 2 < 6))));
  A_pad[thread_x * 9 + (thread_y & 3) * 18 + (thread_y >> 2u) + 6] = vec4<f32>(select(0.0f, A[block_y * 192 + (thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 144], ((block_y * 32 + (thread_y >> 2u) * 4 + 24 < m) && (thread_x + (thread_y & 3) * 2 < 6))), select(0.0f, A[block_y * 192 + (thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 150], ((block_y * 32 + (thread_y >> 2u) * 4 + 25 < m) && (thread_x + (thread_y & 3) * 2 < 6))), select(0.0f, A[block_y * 192 + (thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 156], ((block_y * 32 + (thread_y >> 2u) * 4 + 26 < m) && (thread_x + (thread_y & 3) * 2 < 6))), select(0.0f, A[block_y * 192 + (thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 162], ((block_y * 32 + (thread_y >> 2u) * 4 + 27 < m) && (thread_x + (thread_y & 3) * 2 < 6))));
  B_pad[thread_x * 3 + (thread_y & 3) * 6 + (thread_y >> 2u)] = select(vec4<f32>(0.0f), vec4<f32>(B[(thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2], B[(thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 6], B[(thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 12], B[(thread_y >> 2u) * 24 + thread_x + (thread_y & 3) * 2 + 18]), thread_x + (thread_y & 3) * 2 < 6);
  workgroupBarrier();
  A_pad_local_0 = A_pad[thread_y];
  B_pad_local_0 = B_pad[thread_x];
  C_pad_0 = C_pad_0 + vec4<f32>(A_pad_local_0.x) * B_pad_local_0;
  C_pad_1 = C_pad_1 + vec4<f32>(A_pad_local_0.y) * B_pad_local_0;
  C_pad_2 = C_pad_2 + vec4<f32>(A_pad_local_0.z) * B_pad_local_0;
  C_pad_3 = C_pad_3 + vec4<f32>(A_pad_local_0.w) * B_pad_local_0;
  A_pad_local_0 = A_pad[thread_y + 9];
  B_pad_local_0 = B_pad[thread_x + 3];
  C_pad_0 = C_pad_0 + vec4<f32>(A_pad_local_0.x) * B_pad_local_0;
  C_pad_1 = C_pad_1 + vec4<f32>(A_pad_local_0.y) * B_pad_local_0;
  C_pad_2 = C_pad_2 + vec4<f32>(A_pad_local_0.z) * B_pad_local_0;
  C_pad_3 = C_pad_3 + vec4<f32>(A_pad_local_0.w) * B_pad_local_0;
  A_pad_local_0 = A_pad[thread_y + 18];
  B_pad_local_0 = B_pad[thread_x + 6];
  C_pad_0 = C_pad_0 + vec4<f32>(A_pad_local_0.x) * B_pad_local_0;
  C_pad_1 = C_pad_1 + vec4<f32>(A_pad_local_0.y) * B_pad_local_0;
  C_pad_2 = C_pad_2 + vec4<f32>(A_pad_local_0.z) * B_pad_local_0;
  C_pad_3 = C_pad_3 + vec4<f32>(A_pad_local_0.w) * B_pad_local_0;
  A_pad_local_0 = A_pad[thread_y + 27];
  B_pad_local_0 = B_pad[thread_x + 9];
  C_pad_0 = C_pad_0 + vec4<f32>(A_pad_local_0.x) * B_pad_local_0;
  C_pad_1 = C_pad_1 + vec4<f32>(A_pad_local_0.y) * B_pad_local_0;
  C_pad_2 = C_pad_2 + vec4<f32>(A_pad_local_0.z) * B_pad_local_0;
  C_pad_3 = C_pad_3 + vec4<f32>(A_pad_local_0.w) * B_pad_local_0;
  A_pad_local_0 = A_pad[thread_y + 36];
  B_pad_local_0 = B_pad[thread_x + 12];
  C_pad_0 = C_pad_0 + vec4<f32>(A_pad_local_0.x) * B_pad_local_0;
  C_pad_1 = C_pad_1 + vec4<f32>(A_pad_local_0.y) * B_pad_local_0;
  C_pad_2 = C_pad_2 + vec4<f32>(A_pad_local_0.z) * B_pad_local_0;
  C_pad_3 = C_pad_3 + vec4<f32>(A_pad_local_0.w) * B_pad_local_0;
  A_pad_local_0 = A_pad[thread_y + 45];
  B_pad_local_0 = B_pad[thread_x + 15];
  C_pad_0 = C_pad_0 + vec4<f32>(A_pad_local_0.x) * B_pad_local_0;
  C_pad_1 = C_pad_1 + vec4<f32>(A_pad_local_0.y) * B_pad_local_0;
  C_pad_2 = C_pad_2 + vec4<f32>(A_pad_local_0.z) * B_pad_local_0;
  C_pad_3 = C_pad_3 + vec4<f32>(A_pad_local_0.w) * B_pad_local_0;
  A_pad_local_0 = A_pad[thread_y + 54];
  B_pad_local_0 = B_pad[thread_x + 18];
  C_pad_0 = C_pad_0 + vec4<f32>(A_pad_local_0.x) * B_pad_local_0;
  C_pad_1 = C_pad_1 + vec4<f32>(A_pad_local_0.y) * B_pad_local_0;
  C_pad_2 = C_pad_2 + vec4<f32>(A_pad_local_0.z) * B_pad_local_0;
  C_pad_3 = C_pad_3 + vec4<f32>(A_pad_local_0.w) * B_pad_local_0;
  A_pad_local_0 = A_pad[thread_y + 63];
  B_pad_local_0 = B_pad[thread_x + 21];
  C_pad_0 = C_pad_0 + vec4<f32>(A_pad_local_0.x) * B_pad_local_0;
  C_pad_1 = C_pad_1 + vec4<f32>(A_pad_local_0.y) * B_pad_local_0;
  C_pad_2 = C_pad_2 + vec4<f32>(A_pad_local_0.z) * B_pad_local_0;
  C_pad_3 = C_pad_3 + vec4<f32>(A_pad_local_0.w) * B_pad_local_0;
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
