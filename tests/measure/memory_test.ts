/** What thousands of candidates leave behind on a device: nothing. */
import { assert, assertEquals } from "@std/assert";
import v8 from "node:v8";
import vm from "node:vm";
import { funcToJson } from "../../lib/ir/func_json.ts";
import { garbageCollector } from "../../lib/measure/collect_garbage.ts";
import { executableOf } from "../../lib/measure/executable_of.ts";
import { MeasuringSession } from "../../lib/measure/measuring_session.ts";
import { devices } from "../devices.ts";
import { doubled, SIZE } from "./executables.ts";

const gpu = devices.find((d) => d.target.kind === "webgpu");

/** Counts the objects that a method of WebGPU has made and that are still held. */
function counted(kind: { readonly prototype: object }, method: string, release: string | undefined) {
  const made: WeakRef<object>[] = [], freed = new WeakSet<object>();
  const prototype = kind.prototype as Record<string, (...args: unknown[]) => object>;
  const original = prototype[method] as (...args: unknown[]) => object;
  const watch = (object: object) => {
    made.push(new WeakRef(object));
    if (release === undefined) return;
    const target = object as Record<string, () => void>;
    const end = target[release] as () => void;
    target[release] = () => {
      freed.add(object);
      end.call(object);
    };
  };
  prototype[method] = function (...args) {
    const object = original.apply(this, args);
    if (object instanceof Promise) object.then(watch, () => {});
    else watch(object);
    return object;
  };
  return {
    made: () => made.length,
    held: () =>
      made.filter((r) => {
        const o = r.deref();
        return o !== undefined && !freed.has(o);
      }).length,
    [Symbol.dispose]() {
      prototype[method] = original;
    },
  };
}

Deno.test({
  name: "the pipelines and buffers of hundreds of candidates are freed",
  ignore: gpu === undefined,
  fn: async () => {
    assert(gpu);
    v8.setFlagsFromString("--expose-gc");
    const gc = vm.runInNewContext("gc") as () => void;
    using pipelines = counted(GPUDevice, "createComputePipelineAsync", undefined);
    using buffers = counted(GPUDevice, "createBuffer", "destroy");
    const collect = garbageCollector(gc);
    const session = new MeasuringSession(executableOf);
    const options = { func: funcToJson(doubled), target: gpu.target, shapes: {}, seed: 0, inputs: {} };
    assertEquals((await session.handle({ kind: "prepare", session: options, check: true })).kind, "prepared");
    const CANDIDATES = 200;
    for (let k = 0; k < CANDIDATES; k++) {
      const source = `@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read_write> B: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  B[id.x] = A[id.x] + A[id.x] + ${k}.0 - ${k}.0;
}
`;
      const answer = await session.handle({
        kind: "measure",
        candidate: { source: { source, workgroups: [SIZE / 64, 1, 1] } },
        interleave: false,
        options: { repeats: 1, minSampleMs: 0.01 },
      });
      assert(answer.kind === "measured");
      collect();
      // A weak reference holds its object until the end of a task.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    assert(pipelines.made() >= CANDIDATES && buffers.made() >= 2 * CANDIDATES);
    assert(pipelines.held() <= 80, `${pipelines.held()} of ${pipelines.made()} pipelines are held`);
    assert(buffers.held() <= 100, `${buffers.held()} of ${buffers.made()} buffers are held`);
  },
});
