/** Programs and graphs of i8, u8 and bf16: what they take on a device, and what comes out. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { bf16OfFloats, floatsOfBf16 } from "../../lib/ir/stored.ts";
import { equalGraph } from "../../lib/relax/equal_graph.ts";
import { graph } from "../../lib/relax/builder.ts";
import { graphFromJson, graphToJson } from "../../lib/relax/graph_json.ts";
import { interpretGraph } from "../../lib/relax/interpret_graph.ts";
import { build } from "../../lib/tuning/build.ts";
import { RuntimeError } from "../../lib/runtime/error.ts";
import { devices, nameOf } from "../devices.ts";

const draw = (n: number) => Float32Array.from({ length: n }, () => Math.random() * 2 - 1);
const bytesOf = (n: number) => Int8Array.from({ length: n }, () => Math.floor(Math.random() * 256));

for (const device of devices) {
  Deno.test(`tensors of bytes and halves take their part of words on ${nameOf(device)}`, async () => {
    const halves = bf16OfFloats(draw(1026)), bytes = bytesOf(1027);
    using A = device.tensor(halves, [1026]), B = device.tensor(bytes, [1027]), C = device.zeros([1027], "u8");
    assertEquals([A.dtype, B.dtype, C.dtype], ["bf16", "i8", "u8"]);
    using wide = device.tensor(draw(1024), [1024]);
    assert(A.bytes < 0.51 * wide.bytes + 16 && B.bytes < 0.26 * wide.bytes + 16);
    assertEquals(await A.read(), halves);
    assertEquals(await B.read(), bytes);
    B.write(new Int8Array([1, 2, 3, 4]), 8);
    assertEquals((await B.read()).slice(8, 12), new Int8Array([1, 2, 3, 4]));
    assertThrows(() => B.write(new Int8Array([1]), 3), RuntimeError, "whole words, 4 elements of i8");
    assertThrows(() => device.tensor(bytes, [1027], "u8"), RuntimeError, "elements of u8 as a Uint8Array");
  });

  Deno.test(`a program takes and gives bytes on ${nameOf(device)}`, async () => {
    const A = te.placeholder("A", ["n", 3], "i8"), B = te.placeholder("B", ["n", 3], "u8");
    const C = op.cast(op.sub(op.cast(A, "f32"), op.cast(B, "f32")), "i8", { name: "C" });
    using program = await build(te.primFunc("difference", [A, B, C]), device);
    const given = { A: new Int8Array([1, -128, 127, 5, 0, -1]), B: new Uint8Array([0, 255, 1, 5, 200, 255]) };
    assertEquals((await program.run(given)).C, new Int8Array([1, -128, 126, 0, -128, -128]));
  });

  Deno.test(`a graph's weights of bf16 take half the bytes on ${nameOf(device)}`, async () => {
    const make = (type: "f32" | "bf16") =>
      graph("layers", (b) => {
        const x = b.input("x", ["n", 48]);
        const h = b.gelu(b.linear(x, b.weight("w1", [64, 48], type)));
        return { y: b.linear(h, b.weight("w2", [48, 64], type)), z: b.cast(h, "bf16") };
      });
    const w1 = draw(64 * 48), w2 = draw(48 * 64), x = draw(5 * 48), half = make("bf16");
    const stored = { w1: bf16OfFloats(w1), w2: bf16OfFloats(w2) };
    assert(equalGraph(graphFromJson(JSON.parse(JSON.stringify(graphToJson(half)))), half));
    const taken: number[] = [];
    for (const type of ["f32", "bf16"] as const) {
      const before = device.memory.weights, weights = type === "f32" ? { w1, w2 } : stored;
      using model = await build(make(type), device, { weights, bounds: { n: 8 } });
      taken.push(device.memory.weights - before);
      if (type === "f32") continue;
      const { y, z } = await model.run({ x }), wanted = interpretGraph(half, { ...stored, x });
      y?.forEach((v, k) => assert(Math.abs(v - (wanted.y?.[k] ?? NaN)) < 1e-4));
      assert(z instanceof Uint16Array);
      const near = floatsOfBf16(wanted.z as Uint16Array);
      floatsOfBf16(z).forEach((v, k) => assert(Math.abs(v - (near[k] ?? NaN)) <= 0.01 * Math.abs(v) + 1e-6));
    }
    assertEquals((taken[1] ?? 0) * 2, taken[0]);
  });
}
