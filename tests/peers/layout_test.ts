import { assertEquals } from "@std/assert";
import { columns, permuted, restored } from "./layout.ts";

const data = Float32Array.from({ length: 24 }, (_, k) => k);
const arg = { name: "A", shape: [2, 3, 4], data };

Deno.test("axes change places, and come back", () => {
  const { shape, data: moved } = permuted(arg, [2, 0, 1]);
  assertEquals(shape, [4, 2, 3]);
  for (let x = 0; x < 4; x++) {
    for (let y = 0; y < 2; y++) {
      for (let z = 0; z < 3; z++) assertEquals(moved[(x * 2 + y) * 3 + z], data[(y * 3 + z) * 4 + x]);
    }
  }
  assertEquals(restored(moved, arg.shape, [2, 0, 1]), data);
});

Deno.test("columns of a matrix", () => {
  const right = columns({ name: "A", shape: [4, 6], data }, "up", 4, 6);
  assertEquals(right, { name: "up", shape: [4, 2], data: Float32Array.of(4, 5, 10, 11, 16, 17, 22, 23) });
});
