import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { type Measurement, msOf } from "../../lib/measure/measurement.ts";
import { Measurer, MeasurerError } from "../../lib/measure/measurer.ts";
import { MARK } from "../../lib/measure/protocol.ts";
import * as te from "../../lib/face/te.ts";
import { devices } from "../devices.ts";
import { bad, doubled, endless, javascript, liar, right } from "./executables.ts";

const quick = { repeats: 2, minSampleMs: 1 };
const LOOP = "for (let i = 0; i < A.length; i++) B[i] = A[i] + A[i];";

/** One process for all tests that leave it as good as it was. */
const shared = await Measurer.open({ prefer: "cpu", func: doubled });
Deno.test.afterAll(() => shared[Symbol.asyncDispose]());

function isOk(m: Measurement | undefined): void {
  assert(m?.status === "ok", `failed: ${JSON.stringify(m)}`);
}

/** Resolves when a file of that name appears in `dir`. */
async function appears(dir: string, name: string): Promise<void> {
  for await (const { paths } of Deno.watchFs(dir)) if (paths.some((p) => p.endsWith(name))) return;
}

for (const device of devices) {
  const { kind } = device.target;

  Deno.test(`${kind}: whatever candidates do, the next one is measured`, async (t) => {
    await using measurer = await Measurer.open({ prefer: kind, func: doubled });
    const next = () => measurer.measure(right[kind], quick);
    isOk(await next());
    for (const { what, executable, status, says } of bad[kind]) {
      const { pid } = measurer;
      const m = await measurer.measure(executable, quick);
      assert(m.status !== "ok" && status.includes(m.status), `${what}: ${JSON.stringify(m)}`);
      assertMatch(m.message, says);
      assertEquals(measurer.pid, pid, `${what} took the process with it`);
    }
    isOk(await next());

    await t.step("one that does not end is killed at its deadline", async () => {
      const { pid } = measurer;
      const m = await measurer.measure(endless[kind], quick, 500);
      assertEquals(m, {
        status: "timeout",
        message: "it did not end within 0.5 s and was killed",
        compileMs: NaN,
      });
      isOk(await next());
      assertNotEquals(measurer.pid, pid);
    });

    if (kind === "webgpu") {
      await t.step("one that asks for more memory than it tells of ends too", async () => {
        const { status } = await measurer.measure(liar, quick, 800);
        assert(["timeout", "compile", "verify", "run", "deviceLost"].includes(status), status);
        isOk(await next());
      });
    }
  });
}

Deno.test("a race with one that is wrong fails for that one, with one that does not end for all", async () => {
  await using measurer = await Measurer.open({ prefer: "cpu", func: doubled, deadlineMs: 400 });
  const [wrong] = bad.cpu;
  assert(wrong);
  const two = await measurer.race([right.cpu, endless.cpu], 2, quick);
  assertEquals(two.map((m) => m.status), ["timeout", "timeout"]);
  const among = [right.cpu, wrong.executable, right.cpu, right.cpu];
  const many = await measurer.race(among, 2, quick);
  assertEquals(many.map((m) => m.status), among.map((e) => e === right.cpu ? "ok" : "wrongAnswer"));
});

Deno.test("a process that is killed from outside is a lost device, and the next candidate gets another", async () => {
  const dir = await Deno.makeTempDir();
  const began = appears(dir, "began");
  const path = JSON.stringify(`${dir}/began`);
  const measured = shared.measure(javascript(`Deno.writeTextFileSync(${path}, ""); for (;;);`));
  await began;
  assert(shared.pid);
  Deno.kill(shared.pid, "SIGKILL");
  const m = await measured;
  // Windows has no signals: a process that is killed has an exit code.
  const how = Deno.build.os === "windows"
    ? /^the measuring process died: exit code \d+/
    : /^the measuring process died: signal SIGKILL$/;
  assert(m.status === "deviceLost");
  assertMatch(m.message, how);
  isOk(await shared.measure(right.cpu, quick));
});

for (const device of devices) {
  const { kind } = device.target;
  Deno.test(`${kind}: a process that starts anew knows the incumbent`, async () => {
    await using measurer = await Measurer.open({ prefer: kind, func: doubled });
    const adaptive = { adaptive: true, minSampleMs: 1 };
    const [first, ended, next] = [
      await measurer.measure(right[kind], adaptive),
      await measurer.measure(endless[kind], adaptive, 500),
      await measurer.measure(right[kind], adaptive),
    ];
    assert(first.status === "ok" && first.against === undefined, JSON.stringify(first));
    assertEquals(ended.status, "timeout");
    assert(next.status === "ok" && next.against, JSON.stringify(next));
    // The one that it was before, and not merely the latest.
    assertEquals(next.against.ms, msOf(first));
    assert(measurer.busyMs > 0);
  });
}

Deno.test("what is abandoned ends at once, and the next candidate is measured", async () => {
  await using measurer = await Measurer.open({ prefer: "cpu", func: doubled });
  const dir = await Deno.makeTempDir();
  const began = appears(dir, "began");
  const path = JSON.stringify(`${dir}/began`);
  const measured = measurer.measure(javascript(`Deno.writeTextFileSync(${path}, ""); for (;;);`));
  await began;
  await measurer.abandon();
  // At its deadline it would be a timeout.
  assertEquals((await measured).status, "deviceLost");
  isOk(await measurer.measure(right.cpu, quick));
});

Deno.test("an interrupt of the whole process group, as Jupyter's, does not reach the measuring process", async () => {
  // Linux tells of process groups in a file.
  if (Deno.build.os !== "linux") return;
  await using measurer = await Measurer.open({ prefer: "cpu", func: doubled });
  const { pid } = measurer;
  // After the name, in brackets: its state, its parent, its process group.
  const [, , , group] = (await Deno.readTextFile(`/proc/${pid}/stat`)).replace(/^.*\)/, ")").split(" ");
  assertEquals(Number(group), pid);
});

Deno.test("warming a candidate costs no answer, whatever the candidate", async () => {
  const webgpu = devices.find((d) => d.target.kind === "webgpu");
  await using measurer = await Measurer.open({
    prefer: webgpu ? "webgpu" : "cpu",
    func: doubled,
    deadlineMs: 4000,
  });
  assertEquals(measurer.canWarm, webgpu !== undefined);
  const kind = webgpu ? "webgpu" : "cpu";
  for (const e of [right[kind], bad[kind][0]?.executable ?? right[kind], endless[kind], right[kind]]) {
    const warming = measurer.warm(e);
    isOk(await measurer.measure(right[kind], quick));
    await warming;
  }
});

Deno.test("a process that was killed between two candidates is no candidate's fault", async () => {
  const { pid } = shared;
  assert(pid);
  Deno.kill(pid, "SIGKILL");
  while (shared.pid !== undefined) await new Promise((resolve) => setTimeout(resolve, 1));
  isOk(await shared.measure(right.cpu, quick));
});

Deno.test("a candidate that ends the process is a lost device, with what was said", async () => {
  const exits = await shared.measure(javascript("console.error('so long'); Deno.exit(3);"), quick);
  assert(exits.status === "deviceLost");
  assertEquals(exits.message, "the measuring process died: exit code 3: so long");
  isOk(await shared.measure(right.cpu, quick));
});

Deno.test("what a candidate prints is not taken for an answer, and hides none", async () => {
  const lie = JSON.stringify({ kind: "measured", measurement: { status: "ok", samples: [1e-9] } });
  for (
    const text of ["junk\n", `${lie}\n`, ` ${MARK}${lie}\n`, "no end of line", `\n\n${MARK.slice(0, 5)}`]
  ) {
    const print = `Deno.stdout.writeSync(new TextEncoder().encode(${JSON.stringify(text)}));`;
    isOk(await shared.measure(javascript(print + LOOP), quick, 5000));
    assertEquals((await shared.measure(javascript(print), quick, 5000)).status, "wrongAnswer");
  }
});

Deno.test("a source of many megabytes reaches the process", async () => {
  isOk(await shared.measure(javascript(`// ${"é".repeat(4 * 2 ** 20)}\n${LOOP}`), quick, 10_000));
});

Deno.test("candidates that are asked for at once are measured in turn, each with its own answer", async () => {
  const noisy = javascript(`console.log("junk");${LOOP}`);
  const [wrong] = bad.cpu;
  assert(wrong);
  const results = await Promise.all([
    shared.measure(noisy, quick),
    shared.measure(wrong.executable, quick),
    shared.measure(endless.cpu, quick, 300),
    shared.measure(right.cpu, quick),
  ]);
  assertEquals(results.map((m) => m.status), ["ok", "wrongAnswer", "timeout", "ok"]);
});

Deno.test("an answer that came in time counts, however late it is read", async () => {
  isOk(await shared.measure(right.cpu, quick));
  const measured = shared.measure(right.cpu, quick, 300);
  await new Promise((resolve) => setTimeout(resolve, 0));
  // Long past the deadline, and long enough for the answer on a slow machine.
  for (const begin = performance.now(); performance.now() - begin < 4000;);
  isOk(await measured);
});

Deno.test("a deadline may be as long as one likes, but must be one", async () => {
  for (const deadlineMs of [0, -1, NaN]) {
    await assertRejects(
      () => Measurer.open({ prefer: "cpu", func: doubled, deadlineMs }),
      MeasurerError,
      `cannot measure with a deadline of ${deadlineMs} ms: it is a positive number`,
    );
  }
  await using measurer = await Measurer.open({ prefer: "cpu", func: doubled, deadlineMs: Infinity });
  isOk(await measurer.measure(right.cpu, quick));
});

Deno.test("a process that can't run the reference says why it does not start", async () => {
  await assertRejects(
    () => Measurer.open({ prefer: "cpu", func: te.softmax({ rows: "n", columns: 4 }) }),
    MeasurerError,
    "cannot start the measuring process for softmax: exit code 70:",
  );
});

Deno.test("a closed measurer measures nothing and starts nothing", async () => {
  const measurer = await Measurer.open({ prefer: "cpu", func: doubled });
  assertEquals(await measurer.race([], 3), []);
  const pending = measurer.measure(endless.cpu, quick);
  const late = measurer.measure(right.cpu, quick);
  const refused = assertRejects(() => late, MeasurerError, "the measurer is closed; open another");
  await new Promise((resolve) => setTimeout(resolve, 0));
  await measurer[Symbol.asyncDispose]();
  assertEquals((await pending).status, "deviceLost");
  await refused;
  await assertRejects(() => measurer.measure(right.cpu), MeasurerError, "the measurer is closed");
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
    `import { Measurer } from ${at("../../lib/measure/measurer.ts")};
     import { doubled } from ${at("./executables.ts")};
     const measurer = await Measurer.open({ prefer: "cpu", func: doubled });
     await measurer.measure(${JSON.stringify(candidate)});`,
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
