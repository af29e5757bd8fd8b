/** What a candidate's process may do: nothing outside of itself, and with a bounded memory. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { Measurer, MeasurerError } from "../../lib/measure/measurer.ts";
import { devices } from "../devices.ts";
import { doubled, javascript, right } from "./executables.ts";
import { measured, openConfined } from "./hostile.ts";

const [{ target: cpu }] = devices as [typeof devices[number]];
const MIB = 2 ** 20;

/** JavaScript that fails unless `action` is refused with Deno's own error. */
function refused(action: string) {
  return javascript(
    `for (let i = 0; i < A.length; i++) B[i] = A[i] + A[i];
     let e; try { ${action}; } catch (x) { e = x; }
     if (e === undefined) throw new Error("it was allowed");
     if (e.name !== "NotCapable") throw e;`,
  );
}

const OUTSIDE: Readonly<Record<string, string>> = {
  "reads a file": 'Deno.readTextFileSync("/etc/passwd")',
  "reads a folder": 'Deno.readDirSync("/")[Symbol.iterator]().next()',
  "reads the worker itself": `Deno.readTextFileSync(${JSON.stringify(fileURLToPath(import.meta.url))})`,
  "writes a file": 'Deno.writeTextFileSync("tunebook-was-here", "x")',
  "opens a socket": 'Deno.listen({ port: 0, hostname: "127.0.0.1" })',
  "runs a process": 'new Deno.Command("id").outputSync()',
  "runs Deno": 'new Deno.Command(Deno.execPath(), { args: ["--version"] }).outputSync()',
  "ends another process": 'Deno.kill(Deno.ppid, "SIGKILL")',
  "reads the environment": "Deno.env.toObject()",
  "opens a library": 'Deno.dlopen("libc.so.6", { getpid: { parameters: [], result: "i32" } })',
  "asks for the machine's name": "Deno.hostname()",
};

Deno.test("a candidate reaches no file, socket, process, library or variable of the machine", async (t) => {
  await using measurer = await openConfined(cpu);
  for (const [what, action] of Object.entries(OUTSIDE)) {
    await t.step(`one that ${what}`, async () => {
      const m = await measured(measurer, refused(action));
      assertEquals(m.status, "ok", JSON.stringify(m));
    });
  }
});

for (const { target } of devices) {
  Deno.test(`${target.kind}: candidates are measured without any permission`, async () => {
    await using measurer = await openConfined(target);
    const m = await measured(measurer, right[target.kind]);
    assert(m.status === "ok", JSON.stringify(m));
    assertEquals(m.clock, target.clock);
  });
}

Deno.test("a candidate that takes more memory than it may ends typed, and the next one is measured", async () => {
  const maxMemory = 1024 * MIB;
  await using measurer = await openConfined(cpu, maxMemory);
  const greedy = javascript("const held = []; for (;;) held.push(new Float64Array(1 << 17).fill(1));");
  const m = await measured(measurer, greedy);
  assert(m.status === "outOfMemory", JSON.stringify(m));
  assertMatch(m.message, /^it took \d+ MiB of memory, and up to 1024 MiB may be used \(maxMemory\)/);
  assertEquals((await measured(measurer, right.cpu)).status, "ok");
});

Deno.test("a process that can't start within its memory says so, and the memory must be positive", async () => {
  await assertRejects(() => openConfined(cpu, MIB), MeasurerError, "up to 1 MiB may be used (maxMemory)");
  for (const maxMemory of [0, -1, NaN]) {
    await assertRejects(
      () => openConfined(cpu, maxMemory),
      MeasurerError,
      `expected maxMemory to be a positive number, got ${maxMemory}`,
    );
  }
});

/** A worker that ends itself by force as often as there are files `0`, `1`, … in its folder. */
async function dyingWorker(times: number): Promise<{ readonly url: URL; readonly dir: string }> {
  const dir = await Deno.makeTempDir();
  for (let k = 0; k < times; k++) await Deno.writeTextFile(`${dir}/${k}`, "");
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  await Deno.writeTextFile(
    `${dir}/worker.ts`,
    `import process from "node:process";
     import { executableOf } from ${at("../../lib/measure/executable_of.ts")};
     import { serve } from ${at("../../lib/measure/serve.ts")};
     for (let k = 0; k < ${times}; k++) {
       try { Deno.removeSync(${JSON.stringify(dir)} + "/" + k); } catch { continue; }
       process.kill(process.pid, "SIGKILL");
     }
     await serve(executableOf);`,
  );
  return { url: new URL(`file://${dir}/worker.ts`), dir };
}

Deno.test("a process that is killed while it starts is started once more, and not again", async () => {
  const open = async (times: number) => {
    const { url, dir } = await dyingWorker(times);
    return await Measurer.open({ func: doubled, target: cpu }, {
      worker: url,
      permissions: [
        `--allow-read=${dir}`,
        `--allow-write=${dir}`,
      ],
    });
  };
  {
    await using measurer = await open(1);
    assert(measurer.pid !== undefined);
  }
  await assertRejects(() => open(2), MeasurerError, "cannot start the measuring process for doubled: signal");
});

Deno.test("tuning without the permission to run a process says which permissions it takes", async () => {
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${dir}/tune.ts`,
    `import { Device, te, autotvm } from ${at("../../mod.ts")};
     try {
       const device = await Device.open({ backend: "cpu" });
       await autotvm.tune(te.add({ shape: [64] }), device, { budget: { trials: 1 } });
     } catch (e) { console.log(e.name + ": " + e.message); }`,
  );
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-read",
      "--allow-env",
      "--allow-sys",
      "--allow-ffi",
      "--config",
      config,
      `${dir}/tune.ts`,
    ],
  }).output();
  const said = new TextDecoder().decode(stdout);
  assertMatch(
    said,
    /^MeasurerError: cannot start the measuring process for add: Requires run access .*--allow-run/,
  );
});
