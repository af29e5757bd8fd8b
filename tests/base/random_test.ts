import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { TunebookError } from "../../lib/base/error.ts";
import { Rng } from "../../lib/base/random.ts";

const draw = (rng: Rng, n = 20) => Array.from({ length: n }, () => rng.int(1000));

Deno.test("a seed gives its own sequence, the same each time", () => {
  assertEquals(draw(Rng.of(7)), draw(Rng.of(7)));
  assertNotEquals(draw(Rng.of(7)), draw(Rng.of(8)));
  assertNotEquals(draw(Rng.of(1)), draw(Rng.of(1 + 2 ** 32)));
});

Deno.test("a generator goes on from its state as JSON", () => {
  const rng = Rng.of(3);
  draw(rng);
  const copy = Rng.from(JSON.parse(JSON.stringify(rng)));
  assertEquals(draw(copy), draw(rng));
});

Deno.test("numbers are spread evenly, over small and large ranges", () => {
  const rng = Rng.of(5);
  const counts = Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) counts[rng.int(10)]! += 1;
  assert(counts.every((c) => c > 850 && c < 1150), `counts ${counts}`);
  const halves = Array.from({ length: 1000 }, () => rng.int(2 ** 50) < 2 ** 49);
  assert(Math.abs(halves.filter(Boolean).length - 500) < 80);
  const floats = Array.from({ length: 1000 }, () => rng.float());
  assert(floats.every((x) => x >= 0 && x < 1));
  assert(Math.abs(floats.reduce((a, b) => a + b) / 1000 - 0.5) < 0.05);
});

Deno.test("neighbouring seeds begin differently", () => {
  const firsts = new Set(Array.from({ length: 100 }, (_, seed) => Rng.of(seed).int(2 ** 32)));
  assertEquals(firsts.size, 100);
});

Deno.test("a shuffle keeps the elements and leaves the list alone", () => {
  const list = [1, 2, 3, 4, 5, 6, 7, 8];
  const shuffled = Rng.of(2).shuffle(list);
  assertEquals(shuffled.toSorted(), list);
  assertNotEquals(shuffled, list);
  assertEquals(list, [1, 2, 3, 4, 5, 6, 7, 8]);
});

Deno.test("a shuffle gives every order", () => {
  const rng = Rng.of(5);
  const orders = Map.groupBy(Array.from({ length: 600 }, () => rng.shuffle([0, 1, 2]).join("")), (o) => o);
  assertEquals([...orders.keys()].toSorted(), ["012", "021", "102", "120", "201", "210"]);
  for (const [order, { length }] of orders) assert(length > 60, `${order} ${length} times of 600`);
});

Deno.test("bad seeds, states and lists are refused", () => {
  assertThrows(() => Rng.of(0.5), TunebookError, "expected seed to be an integer, got 0.5");
  assertThrows(
    () => Rng.from([1, 2]),
    TunebookError,
    "expected the state of a generator as four integers, got [1, 2]",
  );
  assertThrows(() => Rng.of(1).pick([]), TunebookError, "empty list");
});
