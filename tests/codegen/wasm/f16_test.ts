/** Halves in WebAssembly: every value, and what lies between two. */
import { assertEquals } from "@std/assert";
import { decodeHalves, encodeHalves, roundToHalves } from "../../../lib/codegen/wasm/f16.ts";
import { mapFloats, mapVectors } from "./run_body.ts";

const halves = new Float16Array(Uint16Array.from({ length: 1 << 16 }, (_, k) => k).buffer);

/** Floats around every half: itself, the middle to the next, and the two floats beside that. */
function around(): Float32Array<ArrayBuffer> {
  const found: number[] = [65519.998, 65520, -65520, 1e30, 2 ** -25, 2 ** -26, -0, Infinity, -Infinity];
  const word = new Float32Array(1), bits = new Int32Array(word.buffer);
  for (let k = 0; k + 1 < halves.length; k++) {
    const a = halves[k] as number, b = halves[k + 1] as number;
    if (Number.isNaN(a) || Number.isNaN(b)) continue;
    word[0] = (a + b) / 2;
    const middle = bits[0] as number;
    for (const d of [-1, 0, 1]) {
      bits[0] = middle + d;
      found.push(word[0] as number);
    }
    found.push(a);
  }
  while (found.length % 4 !== 0) found.push(NaN);
  return Float32Array.from(found);
}

/** The first place where two lists differ, with signs of zeros. */
function firstWrong(got: ArrayLike<number>, wanted: ArrayLike<number>): string | undefined {
  for (let k = 0; k < wanted.length; k++) {
    if (!Object.is(got[k], wanted[k])) return `${k}: expected ${wanted[k]}, got ${got[k]}`;
  }
  return undefined;
}

Deno.test("every half becomes the float that it is", () => {
  const signed = Int32Array.from({ length: 1 << 16 }, (_, k) => k << 16 >> 16);
  const got = mapVectors(new Uint8Array(signed.buffer), (body, x) => {
    body.get(x);
    decodeHalves(body);
  });
  assertEquals(firstWrong(new Float32Array(got.buffer), Float32Array.from(halves)), undefined);
});

Deno.test("floats become the nearest half, of two the even one", () => {
  const floats = around();
  const got = mapFloats(floats, (body, x) => {
    body.get(x);
    encodeHalves(body);
  });
  const words = new Uint32Array(got.buffer);
  assertEquals(words.every((w) => w < 1 << 16), true);
  assertEquals(
    firstWrong(new Float16Array(Uint16Array.from(words).buffer), Float16Array.from(floats)),
    undefined,
  );
});

Deno.test("floats are rounded to halves", () => {
  const floats = around();
  const got = mapFloats(floats, (body, x) => {
    body.get(x);
    roundToHalves(body);
  });
  assertEquals(firstWrong(got, Float32Array.from(floats, (x) => Math.f16round(x))), undefined);
});
