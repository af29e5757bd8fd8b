/** Threads of the CPU give the results of one, share what is large, and fail in words. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { compile } from "../../../lib/codegen/compile.ts";
import { rules, schedule } from "../../../lib/dlight/schedule.ts";
import * as te from "../../../lib/face/te.ts";
import { randomInputs } from "../../../lib/measure/random_inputs.ts";
import { Arena } from "../../../lib/runtime/cpu/arena.ts";
import { type Job, Threads } from "../../../lib/runtime/cpu/threads.ts";
import { Device } from "../../../lib/runtime/device.ts";
import { RuntimeError } from "../../../lib/runtime/error.ts";
import { targetFromJson } from "../../../lib/target/target_json.ts";

const seed = () => crypto.getRandomValues(new Uint32Array(1))[0] as number;

Deno.test("threads give the results of one to the bit, also where the memory grows and kernels need scratch", async () => {
  using one = await Device.open({ backend: "cpu" });
  using three = await Device.open({ backend: "cpu", threads: 3 });
  assertEquals(three.target.threads, 3);
  assertEquals(three.target.clock, "wall");
  const generic = { ...one.target, profile: "generic-webgpu" } as const;
  const programs = [
    // Barriers and workgroup memory: each thread has scratch memory of its own.
    schedule(te.matmul({ m: 192, n: 160, k: 96 }), generic, rules).func,
    schedule(te.matmul({ m: 256, n: 256, k: 256 }), one.target, rules).func,
    schedule(te.softmax({ rows: 300, columns: 700 }), one.target, rules).func,
    // Large: the memory grows past what threads have seen.
    schedule(te.silu({ shape: [2_000_003] }), one.target, rules).func,
  ];
  for (const func of programs) {
    const inputs = randomInputs(func, seed()), exe = compile(func, one.target);
    using here = await one.load(exe);
    using shared = await three.load(exe);
    const wanted = await here.run(inputs);
    for (let round = 0; round < 3; round++) assertEquals(await shared.run(inputs), wanted, func.name);
  }
});

Deno.test("a small job stays on one thread, and each workgroup of a large one runs once", async () => {
  const arena = new Arena(true);
  using threads = await Threads.start(2, arena.memory);
  const job = (groups: number, run: Job["run"]): Job => ({
    module: threads.add(0, 0),
    args: [],
    scratch: 0,
    scratchBytes: 0,
    run,
    groups,
    chunk: 4,
  });
  const done: number[] = [];
  for (const groups of [1, 3, 40]) {
    done.length = 0;
    threads.run(job(groups, (begin, end) => {
      for (let g = begin; g < end; g++) done.push(g);
    }));
    assertEquals(done, Array.from({ length: groups }, (_, k) => k));
  }
  assertEquals(threads.shared, 0);
});

Deno.test("a thread that fails is an error, and the next job runs", async () => {
  const arena = new Arena(true);
  using threads = await Threads.start(2, arena.memory);
  const slow = () => {
    const until = performance.now() + 5;
    while (performance.now() < until);
  };
  // There is no module at that address.
  const broken: Job = {
    module: threads.add(64, 8),
    args: [],
    scratch: 0,
    scratchBytes: 0,
    run: slow,
    groups: 8,
    chunk: 1,
  };
  for (let round = 0; round < 2; round++) {
    let said = "";
    try {
      threads.run(broken);
    } catch (e) {
      if (e instanceof RuntimeError) said = e.message;
    }
    assert(said.startsWith("a thread of the CPU failed"), said);
  }
  assertEquals(threads.shared, 2);
});

Deno.test("a thread that does not start is an error that says what would work", async () => {
  const e = await assertRejects(
    () => Threads.start(2, new Arena(true).memory, "throw new Error('no thread today')"),
    RuntimeError,
  );
  assert(
    /^expected 1 threads beside this one to start, got .*no thread today.*threads: 1$/.test(e.message),
    e.message,
  );
});

Deno.test("options and records say how many threads there are", async () => {
  using two = await Device.open({ backend: "cpu", threads: 2 });
  assertEquals(two.target.name, "CPU (WebAssembly), 2 threads");
  assertEquals(targetFromJson(JSON.parse(JSON.stringify(two.target))), two.target);
  using javascript = await Device.open({ backend: "cpu", language: "js", threads: 2 });
  assertEquals(javascript.target.threads, undefined);
  for (const threads of [0, 1.5, 65]) await assertRejects(() => Device.open({ backend: "cpu", threads }));
});

Deno.test("a process ends once its threads are disposed", async () => {
  const script = `import { Device } from ${JSON.stringify(new URL("../../../mod.ts", import.meta.url).href)};
    using device = await Device.open({ backend: "cpu", threads: 2 });
    console.log(device.target.threads);`;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", script],
    stdout: "piped",
    stderr: "inherit",
    signal: AbortSignal.timeout(60_000),
  }).output();
  assertEquals([code, new TextDecoder().decode(stdout)], [0, "2\n"]);
});
