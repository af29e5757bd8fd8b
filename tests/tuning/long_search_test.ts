/** What a long search may cost, and what may happen to it: in processes of its own. */
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { readLog } from "../../lib/records/log.ts";

const TRIALS = 500;
const at = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);

/** Searches matmul 512³ with made-up times, writing its log to `path`; prints what it says at its end. */
function script(path: string, trials: number): string {
  return `
    import { tune } from ${at("../../lib/tuning/tune.ts")};
    import { TunebookError } from ${at("../../lib/base/error.ts")};
    import { targetOf } from ${at("../../lib/target/profiles.ts")};
    import * as te from ${at("../../lib/face/te.ts")};
    import { byText, SimulatedMeasuring } from ${at("./simulated_measuring.ts")};
    const func = te.matmul({ m: 512, n: 512, k: 512 });
    const sim = new SimulatedMeasuring(byText);
    const device = { target: targetOf("llvmpipe"), probe: () => Promise.reject(new Error("not asked for")) };
    try {
      const { records } = await tune(func, device, { budget: { trials: ${trials} }, open: sim.open, path: ${
    JSON.stringify(path)
  }, rounds: 0 });
      // What is not held on to is collected first: a peak of garbage is no leak.
      globalThis.gc?.();
      console.log(JSON.stringify({ trials: records.length, mb: Deno.memoryUsage().rss / 2 ** 20 }));
    } catch (e) {
      if (!(e instanceof TunebookError)) throw e;
      console.log(JSON.stringify({ name: e.name, message: e.message }));
    }`;
}

interface Said {
  readonly trials?: number;
  readonly mb?: number;
  readonly name?: string;
  readonly message?: string;
}

async function search(path: string, trials: number, limit = ""): Promise<Said> {
  const file = path.replace("log.arrows", "search.ts");
  await Deno.writeTextFile(file, script(path, trials));
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const args = [
    ...["run", "--allow-all", "--quiet", "--no-check", "--v8-flags=--expose-gc", "--config", config, file],
  ];
  // Only a shell sets limits.
  const command = limit
    ? new Deno.Command("sh", {
      args: ["-c", `${limit} exec "$0" "$@"`, Deno.execPath(), ...args],
      stderr: "inherit",
    })
    : new Deno.Command(Deno.execPath(), { args, stderr: "inherit" });
  const { stdout } = await command.output();
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1) ?? "{}") as Said;
}

Deno.test("500 trials of a matrix product take under half a GiB, and each is in the log", async () => {
  const path = `${await Deno.makeTempDir()}/log.arrows`;
  const said = await search(path, TRIALS);
  assertEquals(said.trials, TRIALS, JSON.stringify(said));
  // 370 to 410 as measured, of which 40 are in use: the rest is what the engine has not given back.
  assertLess(said.mb ?? Infinity, 512);
  const records = await readLog(path);
  assertEquals(new Set(records.map((r) => r.config)).size, TRIALS);
});

const ignore = Deno.build.os === "windows";

Deno.test("a disk that is full ends a search with a message, and it goes on from there when there is room", {
  ignore,
}, async () => {
  const path = `${await Deno.makeTempDir()}/log.arrows`;
  // A limit on the size of files stands for the disk; without the trap, a signal would end the process.
  const full = await search(path, 40, 'trap "" XFSZ; ulimit -f 400;');
  assertEquals(full.name, "RecordError", JSON.stringify(full));
  assertMatch(full.message ?? "", /^expected room on the disk, got an error \(/);
  const kept = await readLog(path);
  assert(kept.length > 0 && kept.length < 40, `${kept.length} records`);
  assertEquals(await search(path, 40).then((s) => s.trials), 40);
  assertEquals((await readLog(path)).slice(0, kept.length), kept);
});
