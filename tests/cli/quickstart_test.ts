import { fileURLToPath } from "node:url";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { quickstart, quickstartOptions } from "../../lib/cli/quickstart.ts";
import { OptionError } from "../../lib/base/error.ts";
import { Device } from "../../lib/runtime/device.ts";
import { share } from "../../lib/share/shared.ts";
import { searched } from "../share/shared_results.ts";
import { matmul } from "../tuning/programs.ts";
import { RecordError } from "../../lib/records/error.ts";

Deno.test("the command line says what it says, and the rest is by default", () => {
  assertEquals(quickstartOptions([]), { seconds: 10, out: "results", seed: 0 });
  assertEquals(
    quickstartOptions(["--seconds=0.5", "--out", "a b", "--backend", "cpu", "--seed", "-3"]),
    { seconds: 0.5, out: "a b", backend: "cpu", seed: -3 },
  );
});

Deno.test("what the command line can't say is refused with what it can", () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["--seconds", "abc"], "expected --seconds to be a finite number above 0, got abc"],
    [["--seconds", "-1"], "expected --seconds to be a finite number above 0, got -1"],
    [["--seconds=Infinity"], "expected --seconds to be a finite number above 0, got Infinity"],
    [["--seconds"], "missing value of --seconds: expected 10"],
    [["--out="], "missing value of --out: expected results"],
    [["--backend", "gpu"], "expected --backend to be one of webgpu, cpu, got gpu"],
    [["--seed", "1.5"], "expected --seed to be a 32-bit integer, got 1.5"],
    [["--seed", "4294967296"], "expected --seed to be a 32-bit integer, got 4294967296"],
    [["--secnds", "3"], "unknown option --secnds; did you mean --seconds?"],
    [["-s", "3"], "unknown option -s"],
    [["--valueOf"], "unknown option --valueOf"],
    [["3"], "unknown argument 3"],
  ];
  for (const [args, why] of cases) {
    assertThrows(
      () => quickstartOptions(args),
      OptionError,
      `${why}; usage: deno task quickstart [--seconds 10] [--out results] [--backend webgpu|cpu] [--seed 0] [--json]`,
    );
  }
});

Deno.test("a folder that can't be written is refused before anything is measured", async () => {
  const file = await Deno.makeTempFile();
  await assertRejects(
    () => quickstart({ seconds: 1, out: `${file}/results`, backend: "cpu", seed: 0 }),
    RecordError,
    `cannot write results to ${file}/results:`,
  );
});

Deno.test("a mistake costs one line and exit code 1", async () => {
  const file = fileURLToPath(new URL("../../lib/cli/quickstart.ts", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", "--no-check", file, "--backend", "gpu"],
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals([code, text(stdout)], [1, ""]);
  assertEquals(text(stderr).trimEnd().split("\n").length, 1);
});

Deno.test("with --json the standard output is rows and nothing else", async () => {
  const out = await Deno.makeTempDir();
  const run = async (command: string, ...args: readonly string[]) => {
    const file = fileURLToPath(new URL(`../../lib/cli/${command}.ts`, import.meta.url));
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--quiet", "--no-check", file, ...args, "--backend", "cpu", "--json"],
      stderr: "null",
    }).output();
    const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
    return { code, rows: lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>) };
  };
  const kernels = await run("rules", "--model", "mobilenet_v2", "--shrink", "8", "--out", out);
  assertEquals([kernels.code, kernels.rows.every((r) => r.correct === "yes" && r.model === "mobilenet_v2")], [
    0,
    true,
  ]);
  using device = await Device.open({ backend: "cpu" });
  await share(await searched(matmul, device), `${out}/page.html`);
  const again = await run("rerun", `${out}/page.html`, "--rounds", "2");
  assertEquals([again.code, again.rows.every((r) => typeof r.hereMs === "number")], [0, true]);
  await Deno.remove(out, { recursive: true });
});
