// softmax
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read_write> B: array<f32>;
var<workgroup> largest_red: array<f32, 64>;
var<workgroup> total_red: array<f32, 64>;

fn from_bits(bits: u32) -> f32 { return bitcast<f32>(bits); }
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let block_x = i32(wid.x);
  let thread_x = i32(lid.x);
  var largest_acc_0: f32;
  var A_local_0: f32;
  var largest_0: f32;
  var total_acc_0: f32;
  var A_local_1_0: f32;
  var total_0: f32;
  var A_local_2_0: f32;
  largest_acc_0 = from_bits(0xff800000u);
  let base = block_x * 100 + thread_x;
  for (var k_0: i32 = 0; k_0 < 2; k_0++) {
    if (k_0 * 64 + thread_x < 100) {
      A_local_0 = A[base + k_0 * 64];
      largest_acc_0 = max(largest_acc_0, A_local_0);
    }
  }
  largest_red[thread_x] = largest_acc_0;
  workgroupBarrier();
  if (thread_x < 32) {
    largest_red[thread_x] = max(largest_red[thread_x], largest_red[thread_x + 32]);
  }
  workgroupBarrier();
  if (thread_x < 16) {
    largest_red[thread_x] = max(largest_red[thread_x], largest_red[thread_x + 16]);
  }
  workgroupBarrier();
  if (thread_x < 8) {
    largest_red[thread_x] = max(largest_red[thread_x], largest_red[thread_x + 8]);
  }
  workgroupBarrier();
  if (thread_x < 4) {
    largest_red[thread_x] = max(largest_red[thread_x], largest_red[thread_x + 4]);
  }
  workgroupBarrier();
  if (thread_x < 2) {
    largest_red[thread_x] = max(largest_red[thread_x], largest_red[thread_x + 2]);
  }
  workgroupBarrier();
  if (thread_x < 1) {
    largest_red[thread_x] = max(largest_red[thread_x], largest_red[thread_x + 1]);
  }
  workgroupBarrier();
  largest_0 = largest_red[0];
  total_acc_0 = 0.0f;
  let base_1 = block_x * 100 + thread_x;
  for (var k_1_0: i32 = 0; k_1_0 < 2; k_1_0++) {
    if (k_1_0 * 64 + thread_x < 100) {
      A_local_1_0 = A[base_1 + k_1_0 * 64];
      total_acc_0 = total_acc_0 + exp(A_local_1_0 - largest_0);
    }
  }
  total_red[thread_x] = total_acc_0;
  workgroupBarrier();
  if (thread_x < 32) {
    total_red[thread_x] = total_red[thread_x] + total_red[thread_x + 32];
  }
  workgroupBarrier();
  if (thread_x < 16) {
    total_red[thread_x] = total_red[thread_x] + total_red[thread_x + 16];
  }
  workgroupBarrier();
  if (thread_x < 8) {
    total_red[thread_x] = total_red[thread_x] + total_red[thread_x + 8];
  }
  workgroupBarrier();
  if (thread_x < 4) {
    total_red[thread_x] = total_red[thread_x] + total_red[thread_x + 4];
  }
  workgroupBarrier();
  if (thread_x < 2) {
    total_red[thread_x] = total_red[thread_x] + total_red[thread_x + 2];
  }
  workgroupBarrier();
  if (thread_x < 1) {
    total_red[thread_x] = total_red[thread_x] + total_red[thread_x + 1];
  }
  workgroupBarrier();
  total_0 = total_red[0];
  let base_2 = block_x * 100 + thread_x;
  for (var j_0: i32 = 0; j_0 < 2; j_0++) {
    if (j_0 * 64 + thread_x < 100) {
      A_local_2_0 = A[base_2 + j_0 * 64];
      B[base_2 + j_0 * 64] = exp(A_local_2_0 - largest_0) / total_0;
    }
  }
}
