/** Runs what is written to a function body, on the elements of an array. */
import { assemble } from "../../../lib/codegen/wasm/assemble.ts";
import { Body } from "../../../lib/codegen/wasm/body.ts";

/** Maps vectors of 16 bytes: `write` takes one from the local that it is given, and pushes the result. */
export function mapVectors(
  bytes: Uint8Array<ArrayBuffer>,
  write: (body: Body, x: number) => void,
): Uint8Array<ArrayBuffer> {
  const body = new Body([{ name: "at", type: "i32" }, { name: "end", type: "i32" }]);
  const x = body.local("x", "v128");
  body.op("loop", 0x40);
  body.get(0).op("v128.load", 2, 0).set(x);
  body.get(0);
  write(body, x);
  body.op("v128.store", 2, 0);
  body.get(0).i32(16).op("i32.add").tee(0).get(1).op("i32.lt_s").op("br_if", 0).op("end");
  const module = assemble({ name: "run", params: body.params, locals: body.locals, code: body.code });
  const memory = new WebAssembly.Memory({ initial: Math.ceil((bytes.length + 16) / 65536) });
  new Uint8Array(memory.buffer).set(bytes);
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(module), { env: { memory } }).exports;
  (run as (at: number, end: number) => void)(0, bytes.length);
  return new Uint8Array(memory.buffer as ArrayBuffer).slice(0, bytes.length);
}

/** The same for floats. */
export function mapFloats(
  floats: Float32Array<ArrayBuffer>,
  write: (body: Body, x: number) => void,
): Float32Array<ArrayBuffer> {
  return new Float32Array(mapVectors(new Uint8Array(floats.buffer), write).buffer);
}
