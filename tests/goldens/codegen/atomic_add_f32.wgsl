// bins_C_1
@group(0) @binding(0) var<storage, read> X: array<f32>;
@group(0) @binding(1) var<storage, read> to: array<i32>;
@group(0) @binding(2) var<storage, read_write> C: array<atomic<u32>>;

fn add_C(at: i32, x: f32) {
  var old = atomicLoad(&C[at]);
  loop {
    let now = bitcast<u32>(bitcast<f32>(old) + x);
    let tried = atomicCompareExchangeWeak(&C[at], old, now);
    if (tried.exchanged) { break; }
    old = tried.old_value;
  }
}
@compute @workgroup_size(256, 1, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let block_x = i32(wid.x);
  let thread_x = i32(lid.x);
  if (block_x * 256 + thread_x < 300) {
    let at = to[block_x * 256 + thread_x];
    let update = X[block_x * 256 + thread_x];
    add_C(at, update);
  }
}
