/** The kernels that measure a CPU's rates, as WebAssembly modules. */
import { assemble } from "../../codegen/wasm/assemble.ts";
import { Body } from "../../codegen/wasm/body.ts";

/** What a probe's kernel does, and how often. */
export interface WasmProbe {
  /** What is measured. */
  readonly name: "launch" | "fma" | "buffer" | "copy";
  /** Threads of all workgroups of 64: a power of two. */
  readonly threads: number;
  /** Iterations of a thread's loop. */
  readonly iterations: number;
  /** Independent sums of four. */
  readonly sums: number;
  /** Whether relaxed SIMD may be used. */
  readonly relaxed: boolean;
}

/** Makes the module of a probe in base 64, with the parameters of a printed kernel. */
export function probeModule(probe: WasmProbe): string {
  const reads = probe.name === "buffer" || probe.name === "copy";
  const names = reads ? ["A", "B", "A_length", "B_length"] : ["B", "B_length"];
  const body = new Body(
    [...names, "grid_x", "grid_y", "scratch", "begin", "end"].map((name) => ({ name, type: "i32" })),
  );
  const last = body.params.length - 1, count = body.local("count", "i32"), i = body.local("i", "i32");
  if (probe.name === "launch") body.get(0).f32(1).op("f32.store", 2, 0);
  else {
    const times = () => body.get(last).get(last - 1).op("i32.sub").i32(6).op("i32.shl");
    body.for(count, times, () => {
      body.get(last - 1).i32(6).op("i32.shl").get(count).op("i32.add").i32(4).op("i32.shl").set(i);
      thread(body, probe, i, reads ? 1 : 0);
    });
  }
  return assemble({ name: "run", params: body.params, locals: body.locals, code: body.code }).toBase64();
}

/** One thread: `i` is the offset of its vector, and `out` the pointer to results. */
function thread(body: Body, probe: WasmProbe, i: number, out: number): void {
  if (probe.name === "copy") {
    body.get(out).get(i).op("i32.add").get(0).get(i).op("i32.add").op("v128.load", 2, 0).op(
      "v128.store",
      2,
      0,
    );
    return;
  }
  body.temp("i32", (t) =>
    body.temps("v128", probe.sums, (sums) => {
      sums.forEach((s, k) => body.f32x4(k).set(s));
      const reads = probe.name === "buffer";
      body.for(t, reads ? probe.iterations / probe.sums : probe.iterations, () =>
        sums.forEach((s, k) => {
          if (reads) {
            // Each of the sums reads vectors of its own, 64 vectors after those of the one before.
            body.get(s).get(0).get(t).i32(probe.sums).op("i32.mul").i32(k).op("i32.add").i32(10).op(
              "i32.shl",
            );
            body.get(i).op("i32.add").i32(16 * probe.threads - 1).op("i32.and").op("i32.add");
            body.op("v128.load", 2, 0).op("f32x4.add").set(s);
            return;
          }
          body.get(s).f32x4(0.999);
          if (probe.relaxed) body.f32x4(1e-3).op("f32x4.relaxed_madd");
          else body.op("f32x4.mul").f32x4(1e-3).op("f32x4.add");
          body.set(s);
        }));
      body.get(out).get(i).op("i32.add");
      sums.forEach((s, k) => k === 0 ? body.get(s) : body.get(s).op("f32x4.add"));
      body.op("v128.store", 2, 0);
    }));
}
