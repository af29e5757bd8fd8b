import { fileURLToPath } from "node:url";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { quickstart, quickstartOptions } from "../../lib/cli/quickstart.ts";
import { TunebookError } from "../../lib/base/error.ts";
import { RecordError } from "../../lib/records/error.ts";

Deno.test("the command line says what it says, and the rest is by default", () => {
  assertEquals(quickstartOptions([]), { seconds: 10, out: "results", seed: 0 });
  assertEquals(
    quickstartOptions(["--seconds=0.5", "--out", "a b", "--prefer", "cpu", "--seed", "-3"]),
    { seconds: 0.5, out: "a b", prefer: "cpu", seed: -3 },
  );
});

Deno.test("what the command line can't say is refused with what it can", () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["--seconds", "abc"], "--seconds abc is no positive number"],
    [["--seconds", "-1"], "--seconds -1 is no positive number"],
    [["--seconds=Infinity"], "--seconds Infinity is no positive number"],
    [["--seconds"], "--seconds has no value"],
    [["--out="], "--out has no value"],
    [["--prefer", "gpu"], "--prefer gpu is neither webgpu nor cpu"],
    [["--seed", "1.5"], "--seed 1.5 is no integer of 32 bits"],
    [["--seed", "4294967296"], "--seed 4294967296 is no integer of 32 bits"],
    [["--budget", "3"], "there is no option --budget"],
    [["-s", "3"], "there is no option -s"],
    [["--valueOf"], "there is no option --valueOf"],
    [["3"], "there is no argument 3"],
  ];
  for (const [args, why] of cases) {
    assertThrows(
      () => quickstartOptions(args),
      TunebookError,
      `cannot start: ${why}; it takes [--seconds 10] [--out results] [--prefer webgpu|cpu] [--seed 0]`,
    );
  }
});

Deno.test("a folder that can't be written is refused before anything is measured", async () => {
  const file = await Deno.makeTempFile();
  await assertRejects(
    () => quickstart({ seconds: 1, out: `${file}/results`, prefer: "cpu", seed: 0 }),
    RecordError,
    `cannot write results to ${file}/results:`,
  );
});

Deno.test("a mistake costs one line and exit code 1", async () => {
  const file = fileURLToPath(new URL("../../lib/cli/quickstart.ts", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", "--no-check", file, "--prefer", "gpu"],
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals([code, text(stdout)], [1, ""]);
  assertEquals(text(stderr).trimEnd().split("\n").length, 1);
});
