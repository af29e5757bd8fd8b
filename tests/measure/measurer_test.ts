import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { type Measurement, msOf } from "../../lib/measure/measurement.ts";
import { Measurer, MeasurerError } from "../../lib/measure/measurer.ts";
import type { Incumbent } from "../../lib/measure/measuring.ts";
import { MARK } from "../../lib/measure/protocol.ts";
import * as te from "../../lib/face/te.ts";
import { devices } from "../devices.ts";
import { candidateOf, measured, openHostile, quick } from "./hostile.ts";
import { bad, doubled, endless, javascript, liar, right } from "./executables.ts";

const [{ target: cpu }] = devices as [typeof devices[number]];
const LOOP = "for (let i = 0; i < A.length; i++) B[i] = A[i] + A[i];";

/** One process for all tests that leave it as good as it was. */
const shared = await openHostile(cpu);
Deno.test.afterAll(() => shared[Symbol.asyncDispose]());

function isOk(m: Measurement | undefined): void {
  assert(m?.status === "ok", `failed: ${JSON.stringify(m)}`);
}

/** Resolves when a file of that name appears in `dir`. */
async function appears(dir: string, name: string): Promise<void> {
  for await (const { paths } of Deno.watchFs(dir)) if (paths.some((p) => p.endsWith(name))) return;
}

for (const device of devices) {
  const { target, target: { kind } } = device;

  Deno.test(`${kind}: whatever candidates do, the next one is measured`, async (t) => {
    await using measurer = await openHostile(target);
    const next = () => measured(measurer, right[kind]);
    isOk(await next());
    for (const { what, executable, status, says } of bad[kind]) {
      const { pid } = measurer;
      const m = await measured(measurer, executable);
      assert(m.status !== "ok" && status.includes(m.status), `${what}: ${JSON.stringify(m)}`);
      assertMatch(m.message, says);
      assertEquals(measurer.pid, pid, `${what} took the process with it`);
    }
    isOk(await next());

    await t.step("one that does not end is killed at its deadline", async () => {
      await using measurer = await openHostile(target, 3000);
      const { pid } = measurer;
      const m = await measured(measurer, endless[kind]);
      assertEquals(m, {
        status: "timeout",
        message: "it did not end within 3.0 s and was killed",
        compileMs: NaN,
      });
      isOk(await measured(measurer, right[kind]));
      assertNotEquals(measurer.pid, pid);
    });

    if (kind === "webgpu") {
      await t.step("one that asks for more memory than it tells of ends too", async () => {
        await using measurer = await openHostile(target, 3000);
        const { status } = await measured(measurer, liar);
        assert(["timeout", "compile", "verify", "run", "deviceLost"].includes(status), status);
        isOk(await measured(measurer, right[kind]));
      });
    }
  });
}

Deno.test("a race with one that is wrong fails for that one, with one that does not end for all", async () => {
  await using measurer = await openHostile(cpu, 1000);
  const [wrong] = bad.cpu;
  assert(wrong);
  const two = await measurer.race([right.cpu, endless.cpu].map(candidateOf), 2, quick);
  assertEquals(two.map((m) => m.status), ["timeout", "timeout"]);
  const among = [right.cpu, wrong.executable, right.cpu, right.cpu];
  const many = await measurer.race(among.map(candidateOf), 2, quick);
  assertEquals(many.map((m) => m.status), among.map((e) => e === right.cpu ? "ok" : "wrongAnswer"));
});

Deno.test("a process that is killed from outside is a lost device, and the next candidate gets another", async () => {
  const dir = await Deno.makeTempDir();
  const began = appears(dir, "began");
  const path = JSON.stringify(`${dir}/began`);
  const ended = measured(shared, javascript(`Deno.writeTextFileSync(${path}, ""); for (;;);`), {});
  await began;
  assert(shared.pid);
  Deno.kill(shared.pid, "SIGKILL");
  const m = await ended;
  // Windows has no signals: a process that is killed has an exit code.
  const how = Deno.build.os === "windows" ? /died: exit code \d+/ : /died: signal SIGKILL$/;
  assert(m.status === "deviceLost");
  assertMatch(m.message, how);
  isOk(await measured(shared, right.cpu));
});

for (const device of devices) {
  const { target, target: { kind } } = device;
  const adaptive = { adaptive: true, minSampleMs: 10 };

  Deno.test(`${kind}: a process that starts again takes the incumbent from the request`, async () => {
    await using measurer = await openHostile(target, 5000);
    const first = await measurer.measure({ candidate: candidateOf(right[kind]), ...adaptive });
    assert(first.measurement.status === "ok" && first.promoted, JSON.stringify(first));
    assertEquals(first.measurement.against, undefined);
    const incumbent: Incumbent = { candidate: candidateOf(right[kind]), ms: msOf(first.measurement) };
    const { pid } = measurer;
    const ended = await measured(measurer, endless[kind], { ...adaptive, incumbent });
    assertEquals(ended.status, "timeout");
    const next = await measured(measurer, right[kind], { ...adaptive, incumbent });
    assert(next.status === "ok" && next.against, JSON.stringify(next));
    assertNotEquals(measurer.pid, pid);
    // The one that it was before, and not merely the latest.
    assertEquals(next.against.ms, msOf(first.measurement));
    assert(measurer.busyMs > 0);
  });

  Deno.test(`${kind}: an incumbent that the process does not know yet travels with the request`, async () => {
    await using measurer = await openHostile(target);
    const incumbent: Incumbent = { candidate: candidateOf(right[kind]), ms: 123 };
    const { measurement: m } = await measurer.measure({
      candidate: candidateOf(right[kind]),
      ...adaptive,
      incumbent,
    });
    assert(m.status === "ok" && m.against, JSON.stringify(m));
    assertEquals(m.against.ms, 123);
    assertEquals(m.against.samples.length, m.samples.length);
    // One that is wrong by now is no incumbent: neither it nor the one before it is sampled.
    const wrong = bad[kind][0]?.executable ?? right[kind];
    const without = await measurer.measure({
      candidate: candidateOf(right[kind]),
      ...adaptive,
      incumbent: { candidate: candidateOf(wrong), ms: 456 },
    });
    assert(without.measurement.status === "ok" && without.promoted, JSON.stringify(without));
    assertEquals(without.measurement.against, undefined);
  });
}

Deno.test("an incumbent that ends the process is tried once, and candidates are measured without it", async () => {
  await using measurer = await openHostile(cpu);
  const path = await Deno.makeTempFile();
  const killer = javascript(
    `Deno.writeTextFileSync(${JSON.stringify(path)}, "x", { append: true }); Deno.exit(3);`,
  );
  const incumbent: Incumbent = { candidate: candidateOf(killer), ms: 1 };
  for (let k = 0; k < 2; k++) {
    const { measurement, promoted } = await measurer.measure({
      candidate: candidateOf(right.cpu),
      adaptive: true,
      minSampleMs: 10,
      incumbent,
    });
    assert(measurement.status === "ok" && measurement.against === undefined, JSON.stringify(measurement));
    assert(promoted);
  }
  assertEquals(await Deno.readTextFile(path), "x");
});

Deno.test("an incumbent is not run for a candidate that is not sampled in turn with it", async () => {
  const path = await Deno.makeTempFile();
  const noted = javascript(`Deno.writeTextFileSync(${JSON.stringify(path)}, "x", { append: true });${LOOP}`);
  isOk(await measured(shared, right.cpu, { ...quick, incumbent: { candidate: candidateOf(noted), ms: 1 } }));
  assertEquals(await Deno.readTextFile(path), "");
});

Deno.test("a process that is given up while the incumbent starts is not the incumbent's fault", async () => {
  await using measurer = await openHostile(cpu);
  const dir = await Deno.makeTempDir();
  const began = appears(dir, "began");
  const path = JSON.stringify(`${dir}/began`);
  // It does not end the first time.
  const first = `let known = true; try { Deno.statSync(${path}); } catch { known = false; }`;
  const slow = javascript(`${first} if (!known) { Deno.writeTextFileSync(${path}, ""); for (;;); } ${LOOP}`);
  const request = {
    candidate: candidateOf(right.cpu),
    adaptive: true,
    minSampleMs: 10,
    incumbent: { candidate: candidateOf(slow), ms: 2 },
  };
  const ended = measurer.measure(request);
  await began;
  await measurer.abandon();
  assertEquals((await ended).measurement, {
    status: "deviceLost",
    message: "the measuring process died: it was given up",
    compileMs: NaN,
  });
  const { measurement: next } = await measurer.measure(request);
  assert(next.status === "ok" && next.against?.ms === 2, JSON.stringify(next));
});

Deno.test("what is abandoned ends at once, and the next candidate is measured", async () => {
  await using measurer = await openHostile(cpu);
  const dir = await Deno.makeTempDir();
  const began = appears(dir, "began");
  const path = JSON.stringify(`${dir}/began`);
  const ended = measured(measurer, javascript(`Deno.writeTextFileSync(${path}, ""); for (;;);`), {});
  await began;
  await measurer.abandon();
  // At its deadline it would be a timeout.
  assertEquals((await ended).status, "deviceLost");
  isOk(await measured(measurer, right.cpu));
});

Deno.test("a process that is given up while it starts has no fault, and the next candidate is measured", async () => {
  await using measurer = await openHostile(cpu);
  await measurer.abandon();
  assertEquals(measurer.pid, undefined);
  const ended = measured(measurer, right.cpu);
  while (measurer.pid === undefined) await new Promise((resolve) => setTimeout(resolve, 0));
  await measurer.abandon();
  assertEquals((await ended).status, "deviceLost");
  isOk(await measured(measurer, right.cpu));
});

Deno.test("a measurer that is closed while its process starts gives up what is asked, without an error", async () => {
  const measurer = await openHostile(cpu);
  await measurer.abandon();
  const ended = measured(measurer, right.cpu);
  while (measurer.pid === undefined) await new Promise((resolve) => setTimeout(resolve, 0));
  await measurer[Symbol.asyncDispose]();
  assertEquals((await ended).status, "deviceLost");
  await assertRejects(() => measured(measurer, right.cpu), MeasurerError, "the measurer is closed");
});

Deno.test("an interrupt of the whole process group, as Jupyter's, does not reach the measuring process", async () => {
  await using measurer = await openHostile(cpu);
  const { pid } = measurer;
  // After the name, in brackets: its state, its parent, its process group.
  const [, , , group] = (await Deno.readTextFile(`/proc/${pid}/stat`)).replace(/^.*\)/, ")").split(" ");
  assertEquals(Number(group), pid);
});

Deno.test("warming a candidate costs no answer, whatever the candidate", async () => {
  const webgpu = devices.find((d) => d.target.kind === "webgpu");
  await using measurer = await openHostile(webgpu?.target ?? cpu, 4000);
  assertEquals(measurer.canWarm, webgpu !== undefined);
  const kind = webgpu ? "webgpu" : "cpu";
  for (const e of [right[kind], bad[kind][0]?.executable ?? right[kind], endless[kind], right[kind]]) {
    const warming = measurer.warm(candidateOf(e));
    isOk(await measured(measurer, right[kind]));
    await warming;
  }
});

Deno.test("a process that was killed between two candidates is no candidate's fault", async () => {
  const { pid } = shared;
  assert(pid);
  Deno.kill(pid, "SIGKILL");
  while (shared.pid !== undefined) await new Promise((resolve) => setTimeout(resolve, 1));
  isOk(await measured(shared, right.cpu));
});

Deno.test("a candidate that ends the process is a lost device, with what was said", async () => {
  const exits = await measured(shared, javascript("console.error('so long'); Deno.exit(3);"));
  assert(exits.status === "deviceLost");
  assertEquals(exits.message, "the measuring process died: exit code 3: so long");
  isOk(await measured(shared, right.cpu));
});

Deno.test("what a candidate prints is not taken for an answer, and hides none", async () => {
  const lie = JSON.stringify({ kind: "measured", measurement: { status: "ok", samples: [1e-9] } });
  for (
    const text of ["junk\n", `${lie}\n`, ` ${MARK}${lie}\n`, "no end of line", `\n\n${MARK.slice(0, 5)}`]
  ) {
    const print = `Deno.stdout.writeSync(new TextEncoder().encode(${JSON.stringify(text)}));`;
    isOk(await measured(shared, javascript(print + LOOP)));
    assertEquals((await measured(shared, javascript(print))).status, "wrongAnswer");
  }
});

Deno.test("a source of many megabytes reaches the process", async () => {
  isOk(await measured(shared, javascript(`// ${"é".repeat(4 * 2 ** 20)}\n${LOOP}`)));
});

Deno.test("candidates that are asked for at once are measured in turn, each with its own answer", async () => {
  const noisy = javascript(`console.log("junk");${LOOP}`);
  const [wrong] = bad.cpu;
  assert(wrong);
  await using measurer = await openHostile(cpu, 3000);
  const results = await Promise.all(
    [noisy, wrong.executable, endless.cpu, right.cpu].map((e) => measured(measurer, e)),
  );
  assertEquals(results.map((m) => m.status), ["ok", "wrongAnswer", "timeout", "ok"]);
});

Deno.test("an answer that came in time counts, however late it is read", async () => {
  await using measurer = await openHostile(cpu, 2000);
  const late = measured(measurer, right.cpu);
  await new Promise((resolve) => setTimeout(resolve, 0));
  // Long past the deadline, and long enough for the answer on a slow machine.
  for (const begin = performance.now(); performance.now() - begin < 4000;);
  isOk(await late);
});

Deno.test("a deadline may be as long as one likes, but must be one", async () => {
  for (const deadlineMs of [0, -1, NaN]) {
    await assertRejects(
      () => Measurer.open({ target: cpu, func: doubled, deadlineMs }),
      MeasurerError,
      `expected deadlineMs to be a positive number, got ${deadlineMs}`,
    );
  }
  await using measurer = await openHostile(cpu, Infinity);
  isOk(await measured(measurer, right.cpu));
});

Deno.test("a process that can't run the reference says why it does not start", async () => {
  await assertRejects(
    () => Measurer.open({ target: cpu, func: te.softmax({ rows: "n", columns: 4 }) }),
    MeasurerError,
    "cannot start the measuring process for softmax: exit code 70:",
  );
});

Deno.test("a closed measurer measures nothing and starts nothing", async () => {
  const measurer = await openHostile(cpu);
  assertEquals(await measurer.race([], 3), []);
  const pending = measured(measurer, endless.cpu);
  const late = measured(measurer, right.cpu);
  const refused = assertRejects(() => late, MeasurerError, "the measurer is closed; open another");
  await new Promise((resolve) => setTimeout(resolve, 0));
  await measurer[Symbol.asyncDispose]();
  assertEquals((await pending).status, "deviceLost");
  await refused;
  await assertRejects(() => measured(measurer, right.cpu), MeasurerError, "the measurer is closed");
  assertEquals(measurer.pid, undefined);
});

Deno.test("the process ends with whoever started it, even with a candidate that does not end", async () => {
  const dir = await Deno.makeTempDir();
  const [lock, began] = [`${dir}/lock`, `${dir}/began`].map((p) => JSON.stringify(p));
  await Deno.writeTextFile(`${dir}/lock`, "");
  const candidate = javascript(
    `globalThis.held = Deno.openSync(${lock}, { write: true }); held.lockSync(true);
     Deno.writeTextFileSync(${began}, ""); for (;;);`,
  );
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  await Deno.writeTextFile(
    `${dir}/start.ts`,
    `import { targetOf } from ${at("../../lib/target/profiles.ts")};
     import { measured, openHostile } from ${at("./hostile.ts")};
     const measurer = await openHostile(targetOf("cpu"));
     await measured(measurer, ${JSON.stringify(candidate)});`,
  );
  const hangs = appears(dir, "began");
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const parent = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", "--config", config, `${dir}/start.ts`],
    stderr: "null",
  }).spawn();
  await hangs;
  parent.kill("SIGKILL");
  await parent.status;
  // The lock is free when its holder has ended.
  using file = await Deno.open(`${dir}/lock`, { write: true });
  await file.lock(true);
});

Deno.test("a signal ends a process that is still starting", async () => {
  // The reference of this one takes hours.
  const func = te.matmul({ m: 8192, n: 8192, k: 8192 });
  const signal = AbortSignal.timeout(1000);
  await assertRejects(
    () => Measurer.open({ func, target: cpu }, { signal }),
    MeasurerError,
    "cannot start the measuring process",
  );
});
