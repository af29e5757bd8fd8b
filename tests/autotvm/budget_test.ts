import { assertEquals, assertThrows } from "@std/assert";
import { type Budget, checkBudget, limitReached, nextBatch } from "../../lib/autotvm/budget.ts";
import { TunerError } from "../../lib/autotvm/error.ts";

const at = (trials: number, seconds: number, trialsSinceBest: number) => ({
  trials,
  seconds,
  trialsSinceBest,
});

Deno.test("a search ends with the first limit that it reaches", () => {
  const budget: Budget = { trials: 100, seconds: 30, earlyStopping: 40 };
  assertEquals(limitReached(budget, at(99, 29.9, 39)), undefined);
  assertEquals(limitReached(budget, at(100, 29.9, 39)), "trials");
  assertEquals(limitReached(budget, at(99, 30, 39)), "seconds");
  assertEquals(limitReached(budget, at(99, 29.9, 40)), "earlyStopping");
  assertEquals(limitReached({ seconds: 30 }, at(1e6, 29, 1e6)), undefined);
});

Deno.test("a batch does not go past the trials that are left", () => {
  assertEquals(nextBatch({ trials: 20 }, at(0, 0, 0), 8), 8);
  assertEquals(nextBatch({ trials: 20 }, at(16, 0, 0), 8), 4);
  assertEquals(nextBatch({ trials: 20 }, at(20, 0, 0), 8), 0);
  assertEquals(nextBatch({ seconds: 1 }, at(500, 0.5, 0), 8), 8);
  assertEquals(nextBatch({ seconds: 1 }, at(500, 1.5, 0), 8), 0);
});

Deno.test("a budget that never ends or cannot begin is refused", () => {
  const refused = (budget: Budget, says: string) => assertThrows(() => checkBudget(budget), TunerError, says);
  refused({}, "give trials, seconds or earlyStopping");
  refused({ trials: 0 }, "expected trials to be a positive integer, got 0");
  refused({ trials: 1.5 }, "trials to be a positive integer, got 1.5");
  refused({ trials: 5, earlyStopping: -1 }, "earlyStopping to be a positive integer, got -1");
  refused({ seconds: 0 }, "expected seconds to be a positive number, got 0");
  refused({ seconds: Infinity }, "expected seconds to be a positive number, got Infinity");
  checkBudget({ trials: 1, seconds: 0.5, earlyStopping: 3 });
  refused({ until: 0.5 }, "expected a second limit");
  for (const until of [0, -0.5, 1.01, NaN]) {
    refused(
      { trials: 5, until },
      `expected until to be a share of the roofline, above 0 and at most 1, got ${until}`,
    );
  }
  for (const until of [0.01, 0.5, 1]) checkBudget({ trials: 5, until });
});
