import { assertEquals } from "@std/assert";
import { leastMs, roofline, shortestMs } from "../../lib/estimate/roofline.ts";
import type { Peaks } from "../../lib/target/target.ts";
import * as te from "../../lib/face/te.ts";

/** A gigaflop a second and two gigabytes: a byte takes as long as half an operation. */
const peaks: Peaks = { gflops: 1, bufferGbps: 1, textureGbps: 2, copyGbps: 0.5, launchMs: 1 };

Deno.test("a large product is bound by its arithmetic, a sum by what it reads", () => {
  const product = roofline(te.matmul({ m: 100, n: 100, k: 100 }), {}, peaks);
  assertEquals(product, { bound: "arithmetic", ms: 2, flops: 2e6, bytes: 12e4 });
  const sum = roofline(te.add({ shape: [1000] }), {}, peaks);
  assertEquals(sum, { bound: "memory", ms: 0.006, flops: 1000, bytes: 12000 });
});

Deno.test("memory is as fast as its fastest way: buffers, textures or copies", () => {
  const add = te.add({ shape: [1000] });
  const slow = { gflops: 1, bufferGbps: 1, textureGbps: 1, copyGbps: 1, launchMs: 1 };
  for (const way of ["bufferGbps", "textureGbps", "copyGbps"]) {
    assertEquals(roofline(add, {}, { ...slow, [way]: 4 }).ms, 0.003, way);
  }
});

Deno.test("what a record can claim is a quarter of the bound of its results", () => {
  const func = te.matmul({ m: "m", n: 100, k: 100 });
  assertEquals(leastMs(func, { m: 100 }, peaks), 2);
  assertEquals(shortestMs(func, { m: 100 }, peaks), 0.5);
  assertEquals(shortestMs(te.add({ shape: [1000] }), {}, peaks), 0.0005);
});
