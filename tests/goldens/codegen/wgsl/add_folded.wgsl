// add
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read> B: array<f32>;
@group(0) @binding(2) var<storage, read_write> C: array<f32>;
struct Shape { grid_x: i32 }
@group(0) @binding(3) var<uniform> shape: Shape;

@compute @workgroup_size(256, 1, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>, @builtin(num_workgroups) num: vec3<u32>) {
  let block_x = i32(wid.x + wid.z * num.x);
  if (block_x >= shape.grid_x) { return; }
  let thread_x = i32(lid.x);
  if (block_x * 256 + thread_x < 1000) {
    C[block_x * 256 + thread_x] = A[block_x * 256 + thread_x] + B[block_x * 256 + thread_x];
  }
}
