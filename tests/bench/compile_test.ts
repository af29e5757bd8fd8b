import { assert, assertEquals, assertThrows } from "@std/assert";
import { TunebookError } from "../../lib/base/error.ts";
import type { Profile } from "../../lib/target/target.ts";
import { suite } from "../../lib/op/suite.ts";
import { graphTime } from "./compile_graph.ts";
import { type CompileTimes, compileTimes, rowsOf } from "./compile.ts";

Deno.test("every kernel of a model is timed, in each part of its way", () => {
  const model = "Qwen2.5-0.5B";
  const times = compileTimes(model, "generic-webgpu");
  assertEquals(times.map((t) => t.kernel), suite("llm", model).map((k) => `${k.phase} ${k.name}`));
  assert(times.every((t) => t.schedule >= 0 && t.lower > 0 && t.print >= 0 && t.rule !== ""));
});

Deno.test("rows are medians over the runs, the last of the sums and not the sum of medians", () => {
  const run = (a: number, b: number): readonly CompileTimes[] => [
    { kernel: "a", rule: "GEMV", schedule: a, lower: 10, print: 1 },
    { kernel: "b", rule: "Matmul", schedule: b, lower: 20, print: 2 },
  ];
  assertEquals(rowsOf([run(1, 9), run(5, 1), run(2, 2)]), [
    ["kernel", "rule", "schedule ms", "lower ms", "print ms", "all ms"],
    ["a", "GEMV", "2.0", "10.0", "1.0", "13.0"],
    ["b", "Matmul", "2.0", "20.0", "2.0", "24.0"],
    ["all", "", "6.0", "30.0", "3.0", "39.0"],
  ]);
});

Deno.test("a graph is timed with a cache of its own", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { ms, launches } = graphTime("llvmpipe", folder);
    assert(ms > 0 && launches <= 60, `${launches} kernels`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("unknown models and targets are named with those that there are", () => {
  assertThrows(
    () => compileTimes("Llama-9", "llvmpipe"),
    TunebookError,
    'expected model ("vision") of te.suite to be one of resnet18, mobilenet_v2, got "Llama-9"',
  );
  assertThrows(() => compileTimes("resnet18", "riva" as Profile), TunebookError, 'got "riva"');
});
