import { assertEquals } from "@std/assert";
import { BufferPool } from "../../lib/runtime/buffer_pool.ts";

/** A place that says when it goes. */
function placeOf(name: string, gone: string[], bytes = 16) {
  return { name, bytes, [Symbol.dispose]: () => void gone.push(name) };
}

const one = {}, other = {};

Deno.test("a place is taken by one run of its owner and shapes, and no other", () => {
  using places = new BufferPool<ReturnType<typeof placeOf>>();
  const gone: string[] = [];
  places.give(one, { m: 1, n: 12 }, placeOf("a", gone));
  places.give(one, { m: 11, n: 2 }, placeOf("b", gone));
  assertEquals(places.take(one, { m: 1, n: 2 }), undefined);
  assertEquals(places.take(other, { m: 1, n: 12 }), undefined);
  assertEquals(places.take(one, { n: 12, m: 1 })?.name, "a");
  assertEquals(places.take(one, { m: 1, n: 12 }), undefined);
  assertEquals(places.take(one, { m: 11, n: 2 })?.name, "b");
  assertEquals(gone, []);
});

Deno.test("the oldest go when there are too many, or they are too large, but the last one stays", () => {
  using places = new BufferPool<ReturnType<typeof placeOf>>();
  const gone: string[] = [];
  for (let k = 0; k < 258; k++) places.give(one, { m: k }, placeOf(`${k}`, gone));
  assertEquals(gone, ["0", "1"]);
  // Sixteen bytes each: all but the last two go.
  places.give(other, {}, placeOf("large", gone, 2 ** 26 - 32));
  assertEquals(gone, Array.from({ length: 256 }, (_, k) => `${k}`));
  places.give(one, {}, placeOf("too large", gone, 2 ** 26 + 16));
  assertEquals(gone.slice(256), ["256", "257", "large"]);
  places.give(one, {}, placeOf("small", gone, 2 ** 26));
  assertEquals(gone.slice(259), ["too large"]);
  assertEquals(places.take(one, {})?.name, "small");
});

Deno.test("an owner that goes takes along what it has left, and a device all", () => {
  const places = new BufferPool<ReturnType<typeof placeOf>>();
  const gone: string[] = [];
  for (const [owner, name] of [[one, "a"], [other, "b"], [one, "c"], [other, "d"]] as const) {
    places.give(owner, {}, placeOf(name, gone));
  }
  places.clear(one);
  assertEquals(gone.toSorted(), ["a", "c"]);
  assertEquals(places.take(other, {})?.name, "d");
  places[Symbol.dispose]();
  assertEquals(gone.toSorted(), ["a", "b", "c"]);
});
