import { assertEquals } from "@std/assert";
import {
  heldOutAccuracy,
  pairwiseAccuracy,
  skillOf,
  topRecall,
  topShare,
} from "../../lib/autotvm/ranking.ts";

Deno.test("pairs in order are counted, ties of the truth left out, ties of the prediction half right", () => {
  assertEquals(pairwiseAccuracy([1, 2, 3], [10, 20, 30]), 1);
  assertEquals(pairwiseAccuracy([3, 2, 1], [10, 20, 30]), 0);
  assertEquals(pairwiseAccuracy([2, 1, 3], [10, 20, 30]), 2 / 3);
  assertEquals(pairwiseAccuracy([5, 5, 5], [10, 20, 30]), 0.5);
  assertEquals(pairwiseAccuracy([1, 2, 9], [10, 20, 20]), 1);
  assertEquals(pairwiseAccuracy([1, 2], [7, 7]), 0.5);
});

Deno.test("recall is of the best among the chosen, share is what choosing them would find", () => {
  const actual = [9, 8, 7, 1, 0], predicted = [1, 9, 2, 8, 0];
  assertEquals([topRecall(1, predicted, actual), topRecall(2, predicted, actual)], [0, 0.5]);
  assertEquals(topRecall(3, predicted, actual), 2 / 3);
  assertEquals(topShare(1, predicted, actual), 8 / 9);
  assertEquals(topShare(5, predicted, actual), 1);
});

Deno.test("a guess is no skill, and worse than guessing none either", () => {
  assertEquals([0.2, 0.5, 0.75, 1].map(skillOf), [0, 0, 0.5, 1]);
});

Deno.test("held-out rows are predicted by models of the others", () => {
  const actual = [1, 2, 3, 4, 5, 6];
  const seen: string[] = [];
  const accuracy = heldOutAccuracy(actual, (i) => i % 2, (rows) => {
    seen.push(rows.join());
    return (i) => actual[i] ?? 0;
  });
  assertEquals([accuracy, seen], [1, ["1,3,5", "0,2,4"]]);
  assertEquals(heldOutAccuracy([1, 2], () => 0, () => () => 1), 0.5);
});
