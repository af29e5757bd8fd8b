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
  const fails = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("late")), 5));
  assertEquals(await unlessAborted(fails, AbortSignal.abort()), undefined);
  await new Promise((resolve) => setTimeout(resolve, 20));
});

// The runner of tests takes an interrupt for its own, so this is a program by itself.
const PROGRAM = `
const { Interruptible, listenForInterrupts } = await import(Deno.args[0]);
const { unlessAborted } = await import(Deno.args[1]);
const never = new Promise(() => {}), alive = setTimeout(() => {}, 20_000);
listenForInterrupts();
listenForInterrupts();
const own = new AbortController();
const first = new Interruptible(), second = new Interruptible(own.signal), over = new Interruptible();
over[Symbol.dispose]();
Deno.kill(Deno.pid, "SIGINT");
await unlessAborted(never, first.signal);
console.log(first.signal.aborted, second.signal.aborted, over.signal.aborted, own.signal.aborted);
first[Symbol.dispose]();
second[Symbol.dispose]();
const next = new Interruptible(own.signal);
console.log(next.signal.aborted);
own.abort();
console.log(next.signal.aborted);
clearTimeout(alive);
Deno.exit(7);`;

// A process of Windows can't send itself an interrupt.
const ignore = Deno.build.os === "windows";

Deno.test(
  "an interrupt ends what runs and nothing else, and the next run begins afresh",
  { ignore },
  async () => {
    const file = await Deno.makeTempFile({ suffix: ".ts" });
    await Deno.writeTextFile(file, PROGRAM);
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--allow-all", "--quiet", "--no-check", file],
        new URL("../../lib/tuning/interrupt.ts", import.meta.url).href,
        new URL("../../lib/base/cancellation.ts", import.meta.url).href,
      ],
    }).output();
    assertEquals([code, new TextDecoder().decode(stdout)], [7, "true true false false\nfalse\ntrue\n"]);
    await Deno.remove(file);
  },
);
