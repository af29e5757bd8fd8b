import { assemble } from "../../codegen/wasm/assemble.ts";

/** Tells whether the host's WebAssembly has relaxed SIMD: it validates a module that multiplies and adds. */
export function hasRelaxedSimd(): boolean {
  const zero = ["v128.const", ...Array<number>(16).fill(0)] as const;
  const code = [["i32.const", 0], zero, zero, zero, ["f32x4.relaxed_madd"], ["v128.store", 2, 0]] as const;
  return WebAssembly.validate(assemble({ name: "probe", params: [], locals: [], code }));
}
