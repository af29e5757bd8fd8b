// softmax
enable subgroups;

@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read_write> B: array<f32>;
var<workgroup> largest_red: array<f32, 8>;
var<workgroup> total_red: array<f32, 8>;

fn from_bits(bits: u32) -> f32 { return bitcast<f32>(bits); }
@compute @workgroup_size(256, 1, 1)
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
  let base = block_x * 1000 + thread_x;
  for (var k_0: i32 = 0; k_0 < 4; k_0++) {
    if (k_0 * 256 + thread_x < 1000) {
      A_local_0 = A[base + k_0 * 256];
      largest_acc_0 = max(largest_acc_0, A_local_0);
    }
  }
  largest_acc_0 = max(largest_acc_0, subgroupShuffleXor(largest_acc_0, 1u));
  largest_acc_0 = max(largest_acc_0, subgroupShuffleXor(largest_acc_0, 2u));
  largest_acc_0 = max(largest_acc_0, subgroupShuffleXor(largest_acc_0, 4u));
  largest_acc_0 = max(largest_acc_0, subgroupShuffleXor(largest_acc_0, 8u));
  largest_acc_0 = max(largest_acc_0, subgroupShuffleXor(largest_acc_0, 16u));
  if ((thread_x & 31) == 0) {
    largest_red[(thread_x >> 5u)] = largest_acc_0;
  }
  workgroupBarrier();
  largest_acc_0 = largest_red[(thread_x & 7)];
  largest_acc_0 = max(largest_acc_0, subgroupShuffleXor(largest_acc_0, 1u));
  largest_acc_0 = max(largest_acc_0, subgroupShuffleXor(largest_acc_0, 2u));
  largest_acc_0 = max(largest_acc_0, subgroupShuffleXor(largest_acc_0, 4u));
  largest_0 = largest_acc_0;
  total_acc_0 = 0.0f;
  let base_1 = block_x * 1000 + thread_x;
  for (var k_1_0: i32 = 0; k_1_0 < 4; k_1_0++) {
    if (k_1_0 * 256 + thread_x < 1000) {
      A_local_1_0 = A[base_1 + k_1_0 * 256];
      total_acc_0 = total_acc_0 + exp(A_local_1_0 - largest_0);
    }
  }
  total_acc_0 = total_acc_0 + subgroupShuffleXor(total_acc_0, 1u);
  total_acc_0 = total_acc_0 + subgroupShuffleXor(total_acc_0, 2u);
  total_acc_0 = total_acc_0 + subgroupShuffleXor(total_acc_0, 4u);
  total_acc_0 = total_acc_0 + subgroupShuffleXor(total_acc_0, 8u);
  total_acc_0 = total_acc_0 + subgroupShuffleXor(total_acc_0, 16u);
  if ((thread_x & 31) == 0) {
    total_red[(thread_x >> 5u)] = total_acc_0;
  }
  workgroupBarrier();
  total_acc_0 = total_red[(thread_x & 7)];
  total_acc_0 = total_acc_0 + subgroupShuffleXor(total_acc_0, 1u);
  total_acc_0 = total_acc_0 + subgroupShuffleXor(total_acc_0, 2u);
  total_acc_0 = total_acc_0 + subgroupShuffleXor(total_acc_0, 4u);
  total_0 = total_acc_0;
  let base_2 = block_x * 1000 + thread_x;
  for (var j_0: i32 = 0; j_0 < 4; j_0++) {
    if (j_0 * 256 + thread_x < 1000) {
      A_local_2_0 = A[base_2 + j_0 * 256];
      B[base_2 + j_0 * 256] = exp(A_local_2_0 - largest_0) / total_0;
    }
  }
}
