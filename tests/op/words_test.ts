/** Types that are stored in words, bits, and 64-bit integers, against typed arrays. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { graph } from "../../lib/relax/builder.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { build } from "../../lib/tuning/build.ts";
import { devices } from "../devices.ts";
import { assertResults, drawn, given } from "./drawn.ts";
import { tensor } from "./reference.ts";

/** The nearest bf16 of a float, as the upper half of its bits. */
function nearestHalf(x: number): number {
  const word = new Uint32Array(new Float32Array([x]).buffer)[0] as number,
    low = word % 65536,
    high = (word - low) / 65536;
  return low > 32768 || (low === 32768 && high % 2 === 1) ? high + 1 : high;
}

function floatOf(half: number): number {
  return new Float32Array(new Uint32Array([half * 65536]).buffer)[0] as number;
}

Deno.test("bytes and bf16 are decoded from words, with and without scales", async () => {
  const words = drawn("W", [3, 4], { dtype: "u32" }), scale = drawn("s", [3]);
  const { buffer } = words.array as Uint32Array<ArrayBuffer>;
  const stored = { i8: new Int8Array(buffer), u8: new Uint8Array(buffer) };
  for (const as of ["i8", "u8"] as const) {
    const wanted = [...stored[as]];
    await assertResults([words], [op.unpack(words.tensor, { as })], [wanted], { everywhere: as === "i8" });
    const scaled = op.unpack(words.tensor, { as, scale: scale.tensor });
    await assertResults([words, scale], [scaled], [
      tensor([3, 16], (i = 0, j = 0) => (wanted[i * 16 + j] ?? NaN) * scale.at(i)),
    ]);
  }
  const halves = Array.from({ length: 24 }, () => nearestHalf(Math.random() * 200 - 100));
  const packed = te.wordsOf(new Uint16Array(halves));
  const W = given("W", [3, 4], [3, 4], [...packed], "u32");
  await assertResults([W], [op.unpack(W.tensor, { as: "bf16" })], [halves.map(floatOf)], {
    everywhere: true,
  });
});

Deno.test("what is packed is decoded again, rounded and in range", async () => {
  const X = given("X", [2, 4], [2, 4], [0.5, 1.5, -200, 300, -0.5, 2.5, 126.6, -1]);
  const bytes = (
    values: readonly number[],
    kind: Int8ArrayConstructor | Uint8ArrayConstructor,
  ) => [...te.wordsOf(new kind(values))];
  await assertResults([X], [op.pack(X.tensor, { as: "i8" })], [
    bytes([0, 2, -128, 127, 0, 2, 127, -1], Int8Array),
  ], { everywhere: true });
  await assertResults([X], [op.pack(X.tensor, { as: "u8" })], [
    bytes([0, 2, 0, 255, 0, 2, 127, 0], Uint8Array),
  ]);
  const values = Array.from({ length: 16 }, () => (Math.random() - 0.5) * 10 ** (Math.random() * 20 - 10));
  const F = given("F", [2, 8], [2, 8], values), wanted = [...F.array].map((x) => floatOf(nearestHalf(x)));
  await assertResults([F], [op.unpack(op.pack(F.tensor, { as: "bf16", name: "P" }), { as: "bf16" })], [
    wanted,
  ], { everywhere: true });
  assertThrows(
    () => op.pack(te.placeholder("A", [2, 6]), { as: "i8" }),
    te.TeError,
    "columns that 4 divides",
  );
  assertThrows(
    () =>
      op.unpack(te.placeholder("A", [2], "u32"), { as: "i8", scale: te.placeholder("s", []), dtype: "i32" }),
    te.TeError,
  );
});

Deno.test("bits of integers are those of JavaScript", async () => {
  const X = drawn("X", [2, 5], { dtype: "i32", from: -(2 ** 31), below: 2 ** 31 }),
    Y = drawn("Y", [5], { dtype: "i32", from: 0, below: 32 });
  const on = (f: (x: number, y: number) => number) =>
    tensor([2, 5], (i = 0, j = 0) => f(X.at(i, j), Y.at(j)));
  const results = {
    bitwiseAnd: on((x, y) => x & y),
    bitwiseOr: on((x, y) => x | y),
    bitwiseXor: on((x, y) => x ^ y),
    leftShift: on((x, y) => x << y),
    rightShift: on((x, y) => x >> y),
  };
  for (const [name, wanted] of Object.entries(results)) {
    await assertResults([X, Y], [op[name as keyof typeof results](X.tensor, Y.tensor)], [wanted], {
      everywhere: name === "rightShift",
    });
  }
  await assertResults([X], [op.bitwiseNot(X.tensor)], [[...X.array].map((x) => ~x)]);
  const F = drawn("F", [4]), bits = new Int32Array((F.array as Float32Array<ArrayBuffer>).buffer);
  await assertResults([F], [op.bitcast(F.tensor, "i32")], [[...bits]]);
});

Deno.test("64-bit integers are narrowed, or refused", () => {
  fc.assert(fc.property(fc.array(fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n })), (list) => {
    assertEquals([...te.narrowI64(new BigInt64Array(list))], list.map(Number));
  }));
  assertThrows(() => te.narrowI64(new BigInt64Array([1n, 2n ** 31n])), te.TeError, "got 2147483648 at 1");
  assertThrows(() => te.narrowI64(new BigUint64Array([2n ** 63n])), te.TeError, "which i32 has");
});

for (const device of devices) {
  Deno.test(`weights of bytes and bf16 are decoded where products read them on ${device.target.name}`, async () => {
    const g = graph("stored", (b) => {
      const w = b.unpack(b.weight("w", [16, 8], "u32"), { as: "i8", scale: b.weight("s", [16]) });
      const h = b.linear(b.input("x", [3, 32]), w);
      return { y: b.linear(b.silu(h), b.unpack(b.weight("v", [8, 8], "u32"), { as: "bf16" })) };
    });
    const bytes = new Int8Array(512).map(() => Math.random() * 256 - 128);
    const halves = new Uint16Array(128).map(() => nearestHalf(Math.random() - 0.5));
    const s = new Float32Array(16).map(() => Math.random() / 100),
      x = new Float32Array(96).map(() => Math.random() - 0.5);
    using model = await build(g, device, { weights: { w: te.wordsOf(bytes), s, v: te.wordsOf(halves) } });
    assertEquals(model.launches, 2, model.explain());
    const { y } = await model.run({ x });
    for (let m = 0; m < 3; m++) {
      const h = Array.from(s, (scale, n) => {
        const sum = bytes.slice(n * 32, n * 32 + 32).reduce((t, q, k) => t + q * (x[m * 32 + k] ?? NaN), 0) *
          scale;
        return sum / (1 + Math.exp(-sum));
      });
      for (let n = 0; n < 8; n++) {
        const want = h.reduce((t, a, k) => t + a * floatOf(halves[n * 16 + k] ?? NaN), 0);
        assert(Math.abs((y?.[m * 8 + n] ?? NaN) - want) <= 1e-4, `${y?.[m * 8 + n]}, not ${want}`);
      }
    }
  });
}
