import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { bestOf, fastest } from "../../lib/records/best.ts";
import { RecordError } from "../../lib/records/error.ts";
import { trialOf } from "../charts/results.ts";

const ok = (medianMs: number) => trialOf({ medianMs, status: "ok" });
const failed = (medianMs: number) => trialOf({ medianMs, status: "run", message: "it fell" });

Deno.test("the fastest record is the first of those that are right and take the least time", () => {
  const [slow, first, second] = [ok(3), ok(2), ok(2)];
  assertStrictEquals(fastest([slow, first, second]), first);
  assertStrictEquals(fastest([second, slow, first]), second);
  // A time of nothing, or of what failed, is none.
  assertStrictEquals(fastest([ok(0), ok(NaN), failed(1), slow]), slow);
  assertStrictEquals(bestOf([slow, first, second]), first);
  assertEquals(fastest([failed(1)]), undefined);
});

Deno.test("where nothing succeeded, the error counts what happened", () => {
  assertThrows(
    () => bestOf([failed(1), failed(2)]),
    RecordError,
    "expected a trial that succeeded, got none of 2: 2 run (it fell)",
  );
});
