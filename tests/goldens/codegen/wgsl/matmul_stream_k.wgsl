// matmul_C_sum_parts_local
@group(0) @binding(0) var<storage, read> A: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> B: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> C_sum_parts: array<vec4<f32>>;
var<workgroup> A_shared: array<vec4<f32>, 8>;
var<workgroup> B_shared: array<vec4<f32>, 8>;

@compute @workgroup_size(2, 4, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let block_z = i32(wid.z);
  let thread_y = i32(lid.y);
  let thread_x = i32(lid.x);
  var C_sum_parts_local_0: vec4<f32>;
  var A_local_0: f32;
  var B_local_0: vec4<f32>;
  let fixed = thread_y * 2 + thread_x < 4;
  let base = thread_y * 2 + thread_x;
  let base_1 = ((block_z * 43) >> 7u);
  let base_2 = ((block_z * 43) & 127);
  let base_3 = thread_y * 256 + thread_x * 128;
  let base_4 = thread_y * 4 + thread_x;
  let base_5 = block_z * 16 + thread_y * 2 + thread_x;
  for (var slot: i32 = 0; slot < 2; slot++) {
    C_sum_parts_local_0 = vec4<f32>(0.0f);
    workgroupBarrier();
    let base_6 = max(base_2 - slot * 128, 0);
    let base_7 = base_3 + (min(base_1 + slot, 7) >> 1u) * 512;
    let base_8 = base_4 + (min(base_1 + slot, 7) & 1) * 2;
    let turns = min(min(min(43, 128 - max(((block_z * 43) & 127) - slot * 128, 0)), ((block_z * 43) & 127) + 43 - slot * 128 - max(((block_z * 43) & 127) - slot * 128, 0)), 1024 - ((block_z * 43) >> 7u) * 128 - slot * 128 - max(((block_z * 43) & 127) - slot * 128, 0));
    for (var turn: i32 = 0; turn < turns; turn++) {
      workgroupBarrier();
      if (fixed) {
        A_shared[base] = A[base_7 + min(base_6 + turn, 127)];
      }
      B_shared[base] = B[base_8 + min(base_6 + turn, 127) * 16];
      workgroupBarrier();
      A_local_0 = A_shared[thread_y].x;
      B_local_0 = B_shared[thread_x];
      C_sum_parts_local_0 = C_sum_parts_local_0 + vec4<f32>(A_local_0) * B_local_0;
      A_local_0 = A_shared[thread_y].y;
      B_local_0 = B_shared[thread_x + 2];
      C_sum_parts_local_0 = C_sum_parts_local_0 + vec4<f32>(A_local_0) * B_local_0;
      A_local_0 = A_shared[thread_y].z;
      B_local_0 = B_shared[thread_x + 4];
      C_sum_parts_local_0 = C_sum_parts_local_0 + vec4<f32>(A_local_0) * B_local_0;
      A_local_0 = A_shared[thread_y].w;
      B_local_0 = B_shared[thread_x + 6];
      C_sum_parts_local_0 = C_sum_parts_local_0 + vec4<f32>(A_local_0) * B_local_0;
    }
    C_sum_parts[base_5 + slot * 8] = C_sum_parts_local_0;
  }
}

// matmul_C
@group(0) @binding(0) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> C: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> C_sum_parts: array<vec4<f32>>;

@compute @workgroup_size(4, 1, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let block_y = i32(wid.y);
  let thread_x = i32(lid.x);
  var C_sum_0: vec4<f32>;
  C_sum_0 = vec4<f32>(0.0f);
  let base = i32(u32((block_y >> 2u) * 256 + (thread_x >> 1u) * 128) / 43u) * 43;
  let base_1 = (block_y >> 2u) * 256 + (thread_x >> 1u) * 128 + 128;
  let base_2 = i32(u32((block_y >> 2u) * 256 + (thread_x >> 1u) * 128) / 43u) * 16 + (block_y >> 2u) * 16 + (thread_x >> 1u) * 8 + (block_y & 3) * 2 + (thread_x & 1);
  for (var part: i32 = 0; part < 4; part++) {
    C_sum_0 = C_sum_0 + select(vec4<f32>(0.0f), C_sum_parts[base_2 + part * 16 - ((base + part * 43) >> 7u) * 8], base + part * 43 < base_1);
  }
  C[block_y * 4 + thread_x] = C_sum_0 + bias[thread_x];
}
