/** What a reader sees of a cell's last value, in real Jupyter: nobody has to ask for it to be displayed. */
import { assert, assertEquals } from "@std/assert";
import { jupyterTest, notebookOf } from "./jupyter.ts";
import { codeOf, textOf } from "./notebook.ts";
import { readNotebook, runNotebook } from "./run.ts";

const ROOT = new URL("../../", import.meta.url);

const SETUP = `import { tableFromArrays } from "apache-arrow";
import { autotvm, compile, Device, diff, dlight, Schedule, sourceOf, steps, te } from "tunebook";
const device = await Device.open({ backend: "cpu" });
const func = te.matmul({ m: 8, n: 8, k: 8 });
const ruled = dlight.schedule(func, device.target);
const schedule = new Schedule(func);
schedule.unroll("k");`;

/** Cells, and a part of what each of them shows. */
const SHOWN: readonly (readonly [source: string, part: string])[] = [
  ["func", "def matmul("],
  ["schedule", 'sch.unroll("k")'],
  ["ruled", "scheduled by Matmul"],
  ["ruled.trace", "sch.split("],
  ["ruled.space", "configurations"],
  ["compile(ruled.func, device.target)", "loop {"],
  ["diff(func, schedule)", "+++ after"],
  ["steps(func, ruled.trace)", "sch.split("],
  ["dlight.explain(func, device.target)", "What the rules say"],
  ["sourceOf(schedule, { numbered: true })", "1  @T.prim_func"],
  ["tableFromArrays({ ms: new Float64Array([1.23456]) })", "1.23"],
];

jupyterTest(
  "programs, schedules, spaces, kernels, differences and tables show as the last value of a cell",
  async () => {
    const dir = await Deno.makeTempDir();
    try {
      const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
      const config = {
        nodeModulesDir: "none",
        imports: { ...imports, tunebook: new URL("mod.ts", ROOT).href },
      };
      await Deno.writeTextFile(`${dir}/deno.json`, JSON.stringify(config));
      const path = `${dir}/looks.ipynb`;
      const search = "await autotvm.tune(func, device, { budget: { trials: 2 }, rounds: 1 })";
      await Deno.writeTextFile(
        path,
        JSON.stringify(notebookOf(SETUP, ...SHOWN.map(([source]) => source), search)),
      );
      await runNotebook(path);
      const [, ...cells] = codeOf(await readNotebook(path)).map((c) => c.outputs ?? []);
      SHOWN.forEach(([source, part], k) => {
        assertEquals(cells[k]?.map((o) => o.output_type), ["execute_result"], source);
        const { "text/html": html, "text/plain": text } = cells[k]?.[0]?.data ?? {};
        assert(textOf(text as string).includes(part) && textOf(html as string).includes("<"), source);
      });
      assertEquals(cells.at(-1)?.map((o) => Object.keys(o.data ?? {}).toSorted()), [
        ["text/html", "text/plain"],
        ["application/vnd.vegalite.v5+json", "image/png", "text/plain"],
        ["text/html", "text/plain"],
      ]);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);
