/** Files of other tuners: right ones, broken-off ones, and wrong ones. */
import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { RecordError } from "../../lib/records/error.ts";
import { readAutotvmLog } from "../../lib/records/read_autotvm_log.ts";
import { readKernelTuner } from "../../lib/records/read_kernel_tuner.ts";
import { readT4 } from "../../lib/records/read_t4.ts";
import { spaceOfRows } from "../../lib/records/space_of_rows.ts";
import { writeT4 } from "../../lib/records/write_t4.ts";
import { bestPoint, simulate } from "../../lib/tuning/simulate.ts";

async function withFile<T>(text: string | Uint8Array, act: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, typeof text === "string" ? new TextEncoder().encode(text) : text);
    return await act(path);
  } finally {
    await Deno.remove(path);
  }
}

const entry = (x: number, shared: boolean, time: number | string) =>
  `"${x},${shared}": {"block": ${x}, "shared": ${shared}, "path": "${x > 16 ? "far" : "near"}", "time": ${
    JSON.stringify(time)
  }, "times": [${
    typeof time === "number" ? `${time}, ${time}` : ""
  }], "compile_time": 500, "verification_time": 0, "benchmark_time": 250, "strategy_time": 9, "framework_time": 250}`;
const head = `{"schema_version": "1.0.0", "device_name": "A card", "kernel_name": "convolution",
"problem_size": [64, 64], "tune_params_keys": ["block", "shared", "path"],
"tune_params": {"block": [16, 32, 112], "shared": [false, true], "path": ["near", "far"]}, "objective": "time",
"cache": {
`;
const entries = [
  entry(112, true, 2.5),
  entry(16, false, "CompilationFailedConfig"),
  entry(32, true, 1.25),
  entry(32, false, 1e20),
];

Deno.test("a cache of Kernel Tuner is a space of its parameters", async () => {
  const read = await withFile(`${head}${entries.join(",\n")}\n}\n}`, readKernelTuner);
  assertEquals([read.kernel, read.device], ["convolution", "A card"]);
  assertEquals(read.space.knobs.map((k) => [k.kind, k.name, k.candidates]), [
    ["choice", "block", [16, 32, 112]],
    ["flag", "shared", [false, true]],
    ["choice", "path", ["far", "near"]],
  ]);
  assertEquals(read.space.count(), 4);
  assertEquals([...read.points.values()].map((p) => [read.space.at(p.index).block, p.status, p.ms]), [
    [112, "ok", 2.5],
    [16, "compile", NaN],
    [32, "ok", 1.25],
    [32, "run", NaN],
  ]);
  assertEquals(bestPoint(read).samples, [1.25, 1.25]);
  assertEquals(bestPoint(read).seconds, 1);
  for (const tuner of ["portfolio", "droplet", "evolution"]) {
    const tried = simulate(read, { tuner, start: "scratch", seed: 1, budget: { trials: 9 } });
    assertEquals(tried.length, 4);
  }
});

Deno.test("a cache that Kernel Tuner still writes, or whose writing was broken off, has what was written", async () => {
  for (const end of [",\n", "", "\n", `,\n${entries[3]?.slice(0, 40)}`]) {
    const { points } = await withFile(`${head}${entries.slice(0, 3).join(",\n")}${end}`, readKernelTuner);
    assertEquals([...points.values()].map((p) => p.ms), [2.5, NaN, 1.25], JSON.stringify(end));
  }
});

const KERNEL_TUNER = {
  "no JSON": "block=16",
  "no UTF-8": new Uint8Array([0x7b, 0xff]),
  "a list": "[]",
  "no parameters": `{"cache": {}}`,
  "no configurations": `${head}}}`,
  "a configuration without a parameter": `${head}"16": {"block": 16, "time": 1}}}`,
  "a parameter that is a list": `${head}${entries[0]?.replace(`"block": 112`, `"block": [112]`)}}}`,
  "another word for a time": `${head}${entry(16, true, "Fast")}}}`,
};
for (const [what, text] of Object.entries(KERNEL_TUNER)) {
  Deno.test(`Kernel Tuner, ${what}: a typed error`, () =>
    withFile(text, async (path) => void await assertRejects(() => readKernelTuner(path), RecordError, path)));
}

const ran = (ms: number) => ({ status: "ok" as const, ms, samples: [ms, ms + 1], seconds: 0.5 });
const failed = (status: "instantiate" | "compile" | "run" | "wrongAnswer" | "timeout") => ({
  status,
  ms: NaN,
  samples: [],
  seconds: 0.25,
});

Deno.test("what is written as T4 is read as the same space", async () => {
  await fc.assert(fc.asyncProperty(
    fc.uniqueArray(
      fc.record({
        values: fc.tuple(fc.integer({ min: 1, max: 64 }), fc.boolean(), fc.constantFrom("texture", "buffer")),
        result: fc.oneof(
          fc.double({ min: 1e-6, max: 1e6, noNaN: true }).map(ran),
          fc.constantFrom("instantiate" as const, "compile" as const, "run" as const, "wrongAnswer" as const)
            .map(failed),
        ),
      }),
      { selector: (r) => r.values.join(), minLength: 1, maxLength: 12 },
    ),
    async (rows) => {
      const space = spaceOfRows("rows", ["tile", "vector", "path"], rows);
      const again = await withFile("", async (path) => (await writeT4(path, space), await readT4(path)));
      const told = (s: typeof space) =>
        [...s.points.values()].map(({ index, ...p }) => ({ ...p, config: s.space.show(s.space.at(index)) }))
          .toSorted((a, b) => a.config < b.config ? -1 : 1);
      assertEquals(told(again), told(space));
    },
  ));
});

const result = (more: Record<string, unknown>) =>
  JSON.stringify({
    schema_version: "1.0.0",
    results: [{ configuration: { x: 1 }, times: {}, invalidity: "correct", correctness: 1, ...more }],
  });

Deno.test("a time in T4 counts in its unit, and without a measurement the median of the runtimes", async () => {
  const msOf = async (more: Record<string, unknown>) =>
    [...(await withFile(result(more), readT4)).points.values()][0]?.ms;
  const time = (value: number, unit?: string) => ({ measurements: [{ name: "time", value, unit }] });
  assertEquals(await msOf(time(3, "ms")), 3);
  assertEquals(await msOf(time(3)), 3);
  assertEquals(await msOf(time(0.25, "seconds")), 250);
  assertEquals(await msOf(time(500, "us")), 0.5);
  assertEquals(
    await msOf({ times: { runtimes: [1, 9, 2] }, measurements: [{ name: "GFLOP/s", value: 7 }] }),
    2,
  );
  assertEquals(await msOf({ invalidity: "timeout" }), NaN);
});

const T4 = {
  "no results": "{}",
  "an empty list": `{"results": []}`,
  "no time": result({}),
  "another unit": result({ measurements: [{ name: "time", value: 1, unit: "constructor" }] }),
  "another invalidity": result({ invalidity: "toString" }),
  "no configuration": result({ configuration: null }),
  "a configuration of unlike parameters": JSON.stringify({
    results: ["x", "y"].map((name) => ({ configuration: { [name]: 1 }, times: {}, invalidity: "compile" })),
  }),
};
for (const [what, text] of Object.entries(T4)) {
  Deno.test(`T4, ${what}: a typed error`, () =>
    withFile(text, async (path) => void await assertRejects(() => readT4(path), RecordError)));
}

const tensors = [["TENSOR", [1, 64, 56, 56], "float32"], ["TENSOR", [64, 64, 3, 3], "float32"], [1, 1]];
const old = {
  i: ["llvm", "conv2d", tensors, {}, null, {}],
  r: [[0.002, 0.001, 0.003], 0, 4.5, 1.6e9],
  v: 0.1,
};
const now = {
  input: ["cuda -keys=cuda", "dense.cuda", tensors, {}],
  config: { index: 3, entity: [["tile_k", "sp", [-1, 8]]] },
  result: [[1e9], 4, 2, 1.6e9],
  version: 0.2,
};

Deno.test("a log of AutoTVM gives shapes, target and times, of both its versions", async () => {
  const text = `# a comment\n${JSON.stringify(old)}\n\n${JSON.stringify(now)}\n`;
  const shapes = [[1, 64, 56, 56], [64, 64, 3, 3]].map((shape) => ({ shape, dtype: "float32" }));
  assertEquals(await withFile(text, readAutotvmLog), [
    {
      task: "conv2d",
      target: "llvm",
      tensors: shapes,
      status: "ok",
      ms: 2,
      samples: [2, 1, 3],
      seconds: 4.5,
    },
    {
      task: "dense.cuda",
      target: "cuda -keys=cuda",
      tensors: shapes,
      status: "run",
      ms: NaN,
      samples: [],
      seconds: 2,
    },
  ]);
});

Deno.test("any field of AutoTVM's log that is of another kind gives a typed error, or a trial", async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom("i", "r"), fc.nat(5), fc.jsonValue(), async (part, at, value) => {
      const line = {
        ...old,
        [part]: (old[part as "i" | "r"] as readonly unknown[]).with(at % old[part as "i"].length, value),
      };
      try {
        const [trial] = await withFile(JSON.stringify(line), readAutotvmLog);
        assertEquals(trial?.status === "ok", Number.isFinite(trial?.ms));
      } catch (e) {
        if (!(e instanceof RecordError)) throw e;
      }
    }),
  );
});
