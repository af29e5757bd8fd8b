import { assertEquals } from "@std/assert";
import { Places } from "../../lib/runtime/places.ts";

/** A place that says when it goes. */
function placeOf(name: string, gone: string[], bytes = 16) {
  return { name, bytes, [Symbol.dispose]: () => void gone.push(name) };
}

Deno.test("a place is taken by one run of its shapes, and no other", () => {
  using places = new Places<ReturnType<typeof placeOf>>();
  const gone: string[] = [];
  places.give({ m: 1, n: 12 }, placeOf("a", gone));
  places.give({ m: 11, n: 2 }, placeOf("b", gone));
  assertEquals(places.take({ m: 1, n: 2 }), undefined);
  assertEquals(places.take({ n: 12, m: 1 })?.name, "a");
  assertEquals(places.take({ m: 1, n: 12 }), undefined);
  assertEquals(places.take({ m: 11, n: 2 })?.name, "b");
  assertEquals(gone, []);
});

Deno.test("the oldest go when there are too many, or they are too large", () => {
  using places = new Places<ReturnType<typeof placeOf>>();
  const gone: string[] = [];
  for (let k = 0; k < 18; k++) places.give({ m: k }, placeOf(`${k}`, gone));
  assertEquals(gone, ["0", "1"]);
  places.give({ m: 99 }, placeOf("large", gone, 2 ** 26 - 32));
  assertEquals(gone.length, 16);
  places.give({ m: 100 }, placeOf("too large", gone, 2 ** 26 + 16));
  assertEquals(gone.toSorted().at(-1), "too large");
  assertEquals(places.take({ m: 99 }), undefined);
});

Deno.test("what comes back to a closed program is let go", () => {
  const places = new Places<ReturnType<typeof placeOf>>();
  const gone: string[] = [];
  places.give({}, placeOf("a", gone));
  places[Symbol.dispose]();
  places.give({}, placeOf("b", gone));
  assertEquals(gone, ["a", "b"]);
  assertEquals(places.take({}), undefined);
});
