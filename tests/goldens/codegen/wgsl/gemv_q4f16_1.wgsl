// gemv
enable f16;

@group(0) @binding(0) var<storage, read> W_q: array<u32>;
@group(0) @binding(1) var<storage, read> W_scale: array<f16>;
@group(0) @binding(2) var<storage, read> x_: array<vec4<f16>>;
@group(0) @binding(3) var<storage, read_write> y_: array<f16>;
var<workgroup> y_sum_red: array<f32, 8>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let block_x = i32(wid.x);
  let thread_x = i32(lid.x);
  var y_sum_acc_0: f32;
  var W_q_local_0: u32;
  var W_scale_local_0: f16;
  var W_0: vec4<f16>;
  var W_1: vec4<f16>;
  var x_local_0: vec4<f16>;
  var x_local_1: vec4<f16>;
  var y_sum_0: f32;
  y_sum_acc_0 = 0.0f;
  W_q_local_0 = W_q[block_x * 8 + thread_x];
  W_scale_local_0 = W_scale[block_x * 2 + (thread_x >> 2u)];
  W_0 = (vec4<f16>(((vec4<u32>(W_q_local_0) >> vec4<u32>(vec4<i32>(0, 4, 8, 12))) & vec4<u32>(15u))) - vec4<f16>(7.0h)) * vec4<f16>(W_scale_local_0);
  W_1 = (vec4<f16>(((vec4<u32>(W_q_local_0) >> vec4<u32>(vec4<i32>(16, 20, 24, 28))) & vec4<u32>(15u))) - vec4<f16>(7.0h)) * vec4<f16>(W_scale_local_0);
  x_local_0 = x_[thread_x * 2];
  x_local_1 = x_[thread_x * 2 + 1];
  y_sum_acc_0 = y_sum_acc_0 + f32(W_0.x) * f32(x_local_0.x);
  y_sum_acc_0 = y_sum_acc_0 + f32(W_0.y) * f32(x_local_0.y);
  y_sum_acc_0 = y_sum_acc_0 + f32(W_0.z) * f32(x_local_0.z);
  y_sum_acc_0 = y_sum_acc_0 + f32(W_0.w) * f32(x_local_0.w);
  y_sum_acc_0 = y_sum_acc_0 + f32(W_1.x) * f32(x_local_1.x);
  y_sum_acc_0 = y_sum_acc_0 + f32(W_1.y) * f32(x_local_1.y);
  y_sum_acc_0 = y_sum_acc_0 + f32(W_1.z) * f32(x_local_1.z);
  y_sum_acc_0 = y_sum_acc_0 + f32(W_1.w) * f32(x_local_1.w);
  y_sum_red[thread_x] = y_sum_acc_0;
  workgroupBarrier();
  if (thread_x < 4) {
    y_sum_red[thread_x] = y_sum_red[thread_x] + y_sum_red[thread_x + 4];
  }
  workgroupBarrier();
  if (thread_x < 2) {
    y_sum_red[thread_x] = y_sum_red[thread_x] + y_sum_red[thread_x + 2];
  }
  workgroupBarrier();
  if (thread_x < 1) {
    y_sum_red[thread_x] = y_sum_red[thread_x] + y_sum_red[thread_x + 1];
  }
  workgroupBarrier();
  y_sum_0 = y_sum_red[0];
  if (thread_x == 0) {
    y_[block_x] = f16(y_sum_0);
  }
}
