import { assert, assertEquals, assertMatch } from "@std/assert";
import { jupyterTest } from "../notebooks/jupyter.ts";
import { Kernel, type Run } from "./kernel.ts";

/** A search that would last for an hour. */
const SEARCH =
  `const log = await autotvm.tune(func, device, { budget: { seconds: 3600 }, path, seed: 1, reporter: createReporter(), ...more });
console.log(log.stopped, log.records.length, log.confirmed.length, log.best.status);`;

async function prepare(kernel: Kernel, path: string): Promise<void> {
  const said = await kernel.run(
    `import { autotvm, compare, createReporter, Device, records, te } from "tunebook";
const device = await Device.open({ backend: "cpu" });
const func = te.matmul({ m: 32, n: 32, k: 32 });
const path = ${JSON.stringify(path)};
const kept = Math.random();
globalThis.more = {};
console.log("ready");`,
  );
  assertEquals(said, "ready\n");
}

async function ended(kernel: Kernel, run: Run): Promise<readonly string[]> {
  const begin = performance.now();
  assert(await kernel.interrupt(), "the kernel is alive");
  const said = await run.end();
  // The search would last for an hour: the deadline only catches that.
  assert(performance.now() - begin < 60_000, `it took ${performance.now() - begin} ms`);
  return said.trim().split(" ");
}

async function inKernel(act: (kernel: Kernel, path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  {
    await using kernel = await Kernel.start(folder);
    await act(kernel, `${folder}/log.arrows`);
  }
  await Deno.remove(folder, { recursive: true });
}

jupyterTest("a search is stopped in a cell, returns what it found, and goes on in the next", async () => {
  await inKernel(async (kernel, path) => {
    assert(await kernel.interrupt(), "before anything was imported");
    await prepare(kernel, path);
    const kept = await kernel.run("kept");
    assert(await kernel.interrupt(), "idle");

    const first = await kernel.begin(SEARCH);
    await first.reaches(3);
    const [stopped, trials, confirmed, best] = await ended(kernel, first);
    assertEquals([stopped, best], ["signal", "ok"]);
    assert(Number(trials) >= 3 && Number(confirmed) > 0, `${trials} trials, ${confirmed} confirmed`);
    assertEquals(await kernel.run("kept"), kept);

    // A cell of another kind in between, and one that waits for what is not Tunebook's.
    const waiting = await kernel.begin("await new Promise((resolve) => setTimeout(resolve, 500)); 'waited'");
    assert(await kernel.interrupt(), "while something else is waited for");
    assertEquals(await waiting.end(), '"waited"');

    const again = await kernel.begin(SEARCH);
    await again.reaches(Number(trials) + 2);
    const [, more] = await ended(kernel, again);
    assert(Number(more) >= Number(trials) + 2, `${more} after ${trials}`);
    const records = "(await records.readLog(path)).map((r) => r.trial).join()";
    const numbers = Array.from({ length: Number(more) }, (_, k) => k).join();
    assertEquals(await kernel.run(records), `"${numbers}"`, "every trial once");

    // Stopped while it confirms: no second interrupt is needed.
    await kernel.run("globalThis.more = { budget: { trials: 1 }, rounds: 100_000 };");
    const confirming = await kernel.begin(SEARCH);
    await confirming.says(/measuring the best again/);
    assertEquals((await ended(kernel, confirming)).toSpliced(1, 1), ["signal", "0", "ok"]);
    assertEquals(await kernel.run("kept"), kept);
  });
});

jupyterTest(
  "an interrupt at any moment ends what runs, and leaves the kernel, its state and the log",
  async () => {
    await inKernel(async (kernel, path) => {
      await prepare(kernel, path);
      const kept = await kernel.run("kept");
      let before = 0;
      // On a slow machine none of the others may reach a trial.
      const moments = [0, 50, 200, 700, 1500, Math.random() * 3000, "a trial"];
      for (const ms of moments) {
        const run = await kernel.begin(SEARCH);
        if (typeof ms === "string") await run.reaches(before + 1);
        else await new Promise((resolve) => setTimeout(resolve, ms));
        assert(await kernel.interrupt(), `alive after an interrupt at ${ms} ms`);
        // What is measured again after the search is stopped, too.
        assert(await kernel.interrupt(), `alive after a second one`);
        assertMatch(
          await run.end(),
          /^signal \d+ \d+ ok\n$|InterruptedError: .* run it again/s,
          `at ${ms} ms`,
        );
        const trials = Number(await kernel.run("(await records.readLog(path)).length"));
        assert(trials >= before, `${trials} trials after ${before}`);
        before = trials;
      }
      assert(before > 0);
      assertEquals(await kernel.run("kept"), kept);
    });
  },
);

jupyterTest(
  "a comparison that is stopped has a row for everybody, and is finished in the next run",
  async () => {
    await inKernel(async (kernel, path) => {
      await prepare(kernel, path);
      const compared = (trials: number) =>
        `globalThis.result = await compare(func, device, { path, budget: { trials: ${trials} }, reporter: createReporter() });
console.log([...result.summary].map((r) => r.contestant + " " + r.trials + " " + (r.medianMs > 0)).join());`;
      const stopped = await kernel.begin(compared(10_000));
      await stopped.reaches(2, "scratch\\)");
      const said = (await ended(kernel, stopped)).join(" ");
      assertMatch(said, /^fallback 1 true,dlight 1 true,autotvm \d+ true,autotvm\+dlight 0 false$/);
      const trials = Number(/autotvm (\d+)/.exec(said)?.[1]) + 1;
      assertEquals(
        await kernel.run(compared(trials)),
        `fallback 1 true,dlight 1 true,autotvm ${trials} true,autotvm+dlight ${trials} true\n`,
      );
    });
  },
);
