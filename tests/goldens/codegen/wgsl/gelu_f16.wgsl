// gelu
enable f16;

@group(0) @binding(0) var<storage, read> A: array<f16>;
@group(0) @binding(1) var<storage, read_write> B: array<f16>;

fn erf_f16(x: f16) -> f16 {
  let a = abs(x);
  let t = 1 / (1 + 0.3275911 * a);
  let p = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return sign(x) * (1 - p * exp(-a * a));
}
@compute @workgroup_size(256, 1, 1)
fn main(@builtin(local_invocation_id) lid: vec3<u32>) {
  let thread_x = i32(lid.x);
  if (thread_x < 4) {
    B[thread_x * 4] = 0.5h * A[thread_x * 4] * (1.0h + erf_f16(A[thread_x * 4] * 0.7071067811865476h));
    B[thread_x * 4 + 1] = 0.5h * A[thread_x * 4 + 1] * (1.0h + erf_f16(A[thread_x * 4 + 1] * 0.7071067811865476h));
    B[thread_x * 4 + 2] = 0.5h * A[thread_x * 4 + 2] * (1.0h + erf_f16(A[thread_x * 4 + 2] * 0.7071067811865476h));
  }
  if (thread_x < 3) {
    B[thread_x * 4 + 3] = 0.5h * A[thread_x * 4 + 3] * (1.0h + erf_f16(A[thread_x * 4 + 3] * 0.7071067811865476h));
  }
}
