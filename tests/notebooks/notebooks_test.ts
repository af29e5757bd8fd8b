/** The notebooks: what they show, and that they run: two of them, other ones after each commit; `-- --all` runs all. */
import { assert, assertEquals } from "@std/assert";
import { basename } from "node:path";
import { Rng } from "../../lib/base/random.ts";
import { lastCommit } from "../last_commit.ts";
import { jupyterTest } from "./jupyter.ts";
import { codeOf, normalized, type Notebook, type Output, sourceOf, textOf } from "./notebook.ts";
import { notebooks, readNotebook, runNotebook } from "./run.ts";

const VEGALITE = "application/vnd.vegalite.v5+json";
/** Narrower than the rest of the code: pages that show notebooks are. */
const LINE = 100;

async function deno(...args: readonly string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: new URL("../..", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  assert(success, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
}

/** A reader who can't run the notebook sees all of it. */
function assertShown(notebook: Notebook): void {
  const code = codeOf(notebook);
  assertEquals(code.map((c) => c.execution_count), code.map((_, k) => k + 1), "executed from top to bottom");
  for (const cell of code) {
    const source = sourceOf(cell), outputs = cell.outputs ?? [];
    if (/display\(|console\.log\(/.test(source)) assert(outputs.length > 0, `shows nothing:\n${source}`);
    for (const output of outputs) assertReadable(output);
  }
}

function assertReadable({ output_type, text, data = {}, evalue, metadata }: Output): void {
  assert(output_type !== "error", evalue ?? "an error");
  if (VEGALITE in data) {
    assert("image/png" in data && "text/plain" in data, "a chart without its picture");
    assert(JSON.stringify(metadata).includes('"width"'), "a picture without its size");
  }
  const said = JSON.stringify([text ?? "", data]);
  assert(!said.includes("data:image/svg"), "a chart that was left over from a search's progress");
  assert(!said.includes("\\u001b"), "colours of a terminal");
  assert(!/file:\/\/|\/(home|root|tmp|Users)\//.test(said), "a path of the machine that executed it");
}

Deno.test("the notebooks' code is formatted, has no lint and the right types", async () => {
  const dir = await Deno.makeTempDir(), wholes: string[] = [];
  for (const path of notebooks()) {
    const name = basename(path, ".ipynb");
    const cells = codeOf(await readNotebook(path)).map((cell) => textOf(cell.source));
    for (const [k, cell] of cells.entries()) {
      await Deno.writeTextFile(`${dir}/${name}_cell_${k + 1}.ts`, `${cell}\n`);
    }
    wholes.push(`${dir}/${name}.ts`);
    const whole = cells.map((cell, k) => `// Code cell ${k + 1}\n${cell}\n`).join("\n");
    await Deno.writeTextFile(wholes.at(-1) as string, whole);
  }
  await deno("fmt", "--check", "--no-config", `--line-width=${LINE}`, dir);
  await deno("lint", ...wholes);
  await deno("check", "--config", "deno.json", ...wholes);
  await Deno.remove(dir, { recursive: true });
});

const SAMPLE = 2;
const drawn = Rng.of(await lastCommit()).shuffle(notebooks()).slice(0, SAMPLE);
const running = Deno.args.includes("--all") ? notebooks() : drawn;

for (const path of notebooks()) {
  const name = basename(path);

  Deno.test(`${name}: it shows its results to somebody who can't run it`, async () => {
    const notebook = await readNotebook(path);
    assertShown(notebook);
    assertEquals(notebook, normalized(notebook), "deno task notebooks writes it");
  });

  if (!running.includes(path)) continue;
  jupyterTest(`${name}: it runs from top to bottom, on a small budget`, async () => {
    const out = await Deno.makeTempDir();
    assertShown(await readNotebook(await runNotebook(path, { out, seconds: 1 })));
    await Deno.remove(out, { recursive: true });
  });
}
