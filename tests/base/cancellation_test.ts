import { assertEquals, assertRejects } from "@std/assert";
import { unlessAborted } from "../../lib/base/cancellation.ts";

const never = new Promise<never>(() => {});

Deno.test("what is not aborted gives its value, or its error", async () => {
  const { signal } = new AbortController();
  assertEquals(await unlessAborted(Promise.resolve(3), signal), 3);
  assertEquals(await unlessAborted(Promise.resolve(3), undefined), 3);
  await assertRejects(() => unlessAborted(Promise.reject(new RangeError("no")), signal), RangeError, "no");
});

Deno.test("what is aborted is waited for no longer than the grace, before, while and after it is aborted", async () => {
  assertEquals(await unlessAborted(never, AbortSignal.abort()), undefined);
  assertEquals(await unlessAborted(never, AbortSignal.timeout(5)), undefined);
  const soon = new Promise<number>((resolve) => setTimeout(() => resolve(4), 20));
  assertEquals(await unlessAborted(soon, AbortSignal.abort(), 5000), 4);
  // A failure that nobody waits for any more does not end the program.
  const fails = Promise.withResolvers<never>();
  assertEquals(await unlessAborted(fails.promise, AbortSignal.abort()), undefined);
  fails.reject(new Error("late"));
  await new Promise((resolve) => setTimeout(resolve, 20));
});
