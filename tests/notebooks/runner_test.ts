import { assert, assertEquals, assertRejects } from "@std/assert";
import { basename } from "node:path";
import { jupyterTest, notebookOf } from "./jupyter.ts";
import { codeOf, normalized, type Notebook, type Output, textOf } from "./notebook.ts";
import { installKernel } from "../../lib/jupyter/install.ts";
import {
  environment,
  findPython,
  NoJupyterError,
  NotebookError,
  readNotebook,
  removeFolder,
  runNotebook,
} from "./run.ts";

/** Writes a notebook with these cells into a folder that is gone afterwards. */
async function withNotebook(
  sources: readonly string[],
  act: (path: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/fixture.ipynb`, JSON.stringify(notebookOf(...sources)));
    await act(`${dir}/fixture.ipynb`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function said(output: Output | undefined): string {
  return textOf(output?.text ?? output?.data?.["text/plain"] as string ?? "");
}

// 13 × a log and two displays, and a value: 40 outputs, none of them waited for.
const MANY = `for (let k = 0; k < 13; k++) {
  console.log("log " + k);
  Deno.jupyter.display({ "text/plain": "a " + k }, { raw: true });
  Deno.jupyter.display({ "text/plain": "b " + k }, { raw: true });
}
"value"`;
const SHOWN = `const show = (type, text) => Deno.jupyter.broadcast(type, {
  data: { "text/plain": text },
  metadata: { n: text.length },
  transient: { display_id: "x" },
});
show("display_data", "running");
show("update_display_data", "half");`;

jupyterTest(
  "no output is lost, none comes under another cell, and what changes in place is as it was in the end",
  async () => {
    const sources = [
      ...[MANY, MANY, "1", MANY, MANY, MANY],
      ...[SHOWN, 'show("update_display_data", "done")', 'Deno.env.get("JUPYTER_DATA_DIR")'],
    ];
    await withNotebook(sources, async (path) => {
      assertEquals(await runNotebook(path), path);
      const cells = codeOf(await readNotebook(path));
      assertEquals(cells.map((c) => c.execution_count), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
      const outputs = cells.map((c) => c.outputs ?? []);
      for (const k of [0, 1, 3, 4, 5]) all40(outputs[k] ?? []);
      assertEquals(outputs[2]?.map(said), ["1"]);
      assertEquals(outputs[6]?.map((o) => [said(o), o.metadata]), [["done", { n: 4 }]]);
      assertEquals(outputs[7], []);
      // Jupyter's folders are the run's own, and gone.
      const [, data = ""] = /"(.*)"/.exec(said(outputs[8]?.[0])) ?? [];
      assert(basename(data).startsWith("jupyter_"));
      await assertRejects(() => Deno.stat(data), Deno.errors.NotFound);
    });
  },
);

// 300 logs, 20 displays of which one changes in place 100 times, and a value.
const HARD = `const id = crypto.randomUUID();
const shows = (type, text, transient) =>
  Deno.jupyter.broadcast(type, { data: { "text/plain": text }, metadata: {}, transient });
shows("display_data", "0 of 100", { display_id: id });
for (let k = 0; k < 300; k++) {
  console.log("log " + k);
  if (k % 15 === 0 && k > 0) shows("display_data", "shown " + k, {});
  if (k % 3 === 0) shows("update_display_data", (k / 3 + 1) + " of 100", { display_id: id });
}
"value"`;
const HARD_RUNS = 20;

/** What a cell is to show: texts of logs, displays, and the value. */
function allHard(outputs: readonly Output[]): void {
  const of = (type: Output["output_type"]) => outputs.filter((o) => o.output_type === type).map(said);
  assertEquals(of("stream").join(""), Array.from({ length: 300 }, (_, k) => `log ${k}\n`).join(""));
  assertEquals(of("display_data"), [
    "100 of 100",
    ...Array.from({ length: 19 }, (_, k) => `shown ${15 * (k + 1)}`),
  ]);
  assertEquals(of("execute_result"), ['"value"']);
}

jupyterTest("the hardest cell loses nothing, 20 times", async () => {
  await withNotebook(Array(HARD_RUNS).fill(HARD), async (path) => {
    const cells = codeOf(await readNotebook(await runNotebook(path)));
    assertEquals(cells.length, HARD_RUNS);
    for (const { outputs = [] } of cells) allHard(outputs);
  });
});

// What nbconvert waits for, without which it loses some: a display that is awaited, in the end.
const SHOWN_LAST = `for (let k = 0; k < 100; k++) console.log("log " + k);
const reporter = createReporter();
for (let trials = 0; trials <= 100; trials++) {
  await reporter.update({ task: "t", method: "autotvm", trials, failed: 0, secondsSpent: 1, trialsTotal: 100 });
}
await reporter.done();
await display("first", "last");`;

jupyterTest("nbconvert gets every output of a cell that ends with a display, 20 times", async () => {
  const sources = [
    'import { createReporter, display } from "tunebook";',
    ...Array(HARD_RUNS).fill(SHOWN_LAST),
  ];
  await withNotebook(sources, async (path) => {
    await convertNotebook(path);
    const [, ...cells] = codeOf(await readNotebook(path));
    for (const { outputs = [] } of cells) {
      const logs = outputs.filter((o) => o.output_type === "stream").map(said).join("");
      assertEquals(logs, Array.from({ length: 100 }, (_, k) => `log ${k}\n`).join(""));
      const shown = outputs.filter((o) => o.output_type === "display_data").map(said);
      assertEquals(shown, ["t, AutoTVM (from scratch): 100 of 100 trials, 1 s, none yet", "first", "last"]);
    }
  });
});

/** Executes a notebook in place as `jupyter nbconvert --execute` does. */
async function convertNotebook(path: string): Promise<void> {
  const jupyter = await Deno.makeTempDir({ prefix: "jupyter_" });
  await installKernel({ dataDir: jupyter });
  const { success, stderr } = await new Deno.Command(await findPython() ?? "", {
    args: [
      ...["-m", "nbconvert", "--to", "notebook", "--execute", "--inplace"],
      ...["--ExecutePreprocessor.kernel_name=tunebook", path],
    ],
    env: environment(jupyter),
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  await removeFolder(jupyter);
}

function all40(outputs: readonly Output[]): void {
  const of = (type: Output["output_type"]) => outputs.filter((o) => o.output_type === type).map(said);
  const thirteen = (word: string) => Array.from({ length: 13 }, (_, n) => `${word} ${n}`);
  assertEquals(of("stream").join(""), `${thirteen("log").join("\n")}\n`);
  assertEquals(of("display_data").filter((s) => s.startsWith("a")), thirteen("a"));
  assertEquals(of("display_data").filter((s) => s.startsWith("b")), thirteen("b"));
  assertEquals(of("execute_result"), ['"value"']);
}

jupyterTest("the first failing cell ends the run, is named, and leaves the notebook as it was", async () => {
  const sources = ["const before = 1;", "function f() { throw new TypeError('no <b>'); }\nf();", "2"];
  await withNotebook(sources, async (path) => {
    const untouched = await Deno.readTextFile(path);
    const error = await assertRejects(() => runNotebook(path), NotebookError);
    const message = (error as Error).message;
    assert(message.startsWith(`${path}: code cell 2 of 3 failed: TypeError: no <b>`), message);
    assert(message.includes("throw new TypeError('no <b>')"), message);
    assert(!message.includes("\x1b"), message);
    assertEquals(await Deno.readTextFile(path), untouched);
  });
});

jupyterTest("a cell that never ends, and one that ends the kernel, are told apart", async () => {
  await withNotebook(["await new Promise(() => {})"], async (path) => {
    await assertRejects(
      () => runNotebook(path, { cellSeconds: 1 }),
      NotebookError,
      "code cell 1 of 1 took longer than 1 s",
    );
  });
  await withNotebook(["1", "Deno.exit(3)"], async (path) => {
    await assertRejects(() => runNotebook(path), NotebookError, "code cell 2 of 2 ended the kernel");
  });
});

jupyterTest("another budget goes into a copy", async () => {
  await withNotebook(["const SECONDS = 15;\nconst SEED = 0;", "SECONDS * 2"], async (path) => {
    const untouched = await Deno.readTextFile(path);
    await assertRejects(() => runNotebook(path, { seconds: 1 }), NotebookError, "give an out folder");
    const out = `${path}.out`;
    const copy = await runNotebook(path, { seconds: 0.5, out });
    assertEquals(copy, `${out}/fixture.ipynb`);
    const [first, second] = codeOf(await readNotebook(copy));
    assertEquals(textOf(first?.source ?? ""), "const SECONDS = 0.5;\nconst SEED = 0;");
    assertEquals(second?.outputs?.map(said), ["1"]);
    assertEquals(await Deno.readTextFile(path), untouched);
  });
});

Deno.test("without Jupyter it is said what to install", async () => {
  assertEquals(await findPython(["/nowhere/python3"]), undefined);
  await withNotebook(["1"], async (path) => {
    await assertRejects(
      () => runNotebook(path, { pythons: ["/nowhere/python3"] }),
      NoJupyterError,
      "no python3 with jupyter_client and nbformat was found; on Debian, apt-get install jupyter-client",
    );
  });
});

Deno.test("what differs from run to run is left out of a notebook", () => {
  const notebook = notebookOf("1", "2");
  const stamped: Notebook = {
    ...notebook,
    metadata: { language_info: { version: "6.0.3" }, widgets: {} },
    nbformat_minor: 4,
    cells: notebook.cells.map((cell) => ({
      ...cell,
      id: crypto.randomUUID(),
      metadata: { tags: ["slow"], execution: { "iopub.status.busy": "2025-01-01" } },
    })),
  };
  const clean = normalized(stamped);
  assertEquals(clean.cells.map((c) => [c.id, c.metadata]), [["cell-01", { tags: ["slow"] }], ["cell-02", {
    tags: ["slow"],
  }]]);
  assertEquals(JSON.stringify(clean).match(/version|2025|widgets/), null);
  assertEquals(normalized(clean), clean);
});
