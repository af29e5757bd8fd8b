import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { DISPLAY_NAME, installKernel, uninstallKernel } from "../../lib/jupyter/install.ts";
import { readLog } from "../../lib/records/log.ts";
import { jupyterTest } from "../notebooks/jupyter.ts";
import { inFolder } from "./in_folder.ts";
import { Kernel } from "./kernel.ts";

const SPEC = "kernels/tunebook/kernel.json";
const DENO = Deno.build.os === "windows" ? "deno.exe" : "deno";

/** Copies the Deno that runs this into a folder, and gives its path there. */
async function copyOfDeno(folder: string): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  const path = join(folder, DENO);
  await Deno.copyFile(Deno.execPath(), path);
  return path;
}

Deno.test("a kernel is installed in the place of its predecessor, and nothing is left of it", async () => {
  await inFolder(async (dataDir) => {
    // The Deno that runs this may lie in npx's cache, and would be copied: see the next test.
    const deno = await copyOfDeno(join(dataDir, "bin"));
    const folder = await installKernel({ dataDir, deno });
    assertEquals(folder, join(dataDir, "kernels", "tunebook"));
    await Deno.writeTextFile(join(folder, "stale"), "");
    await installKernel({ dataDir, deno });
    assertEquals([...Deno.readDirSync(folder)].map((f) => f.name).sort(), [
      ...["deno.json", "deno.lock", "kernel.json"],
    ]);
    const spec = JSON.parse(await Deno.readTextFile(join(dataDir, SPEC)));
    assertEquals([spec.display_name, spec.interrupt_mode], [DISPLAY_NAME, "signal"]);
    assertEquals([spec.argv[0], spec.argv.at(-2), spec.argv.at(-1)], [
      ...[deno, "{connection_file}", folder],
    ]);
    await installKernel({ dataDir, deno, name: "second" });
    assertEquals(await uninstallKernel({ dataDir }), folder);
    assertEquals([...Deno.readDirSync(join(dataDir, "kernels"))].map((f) => f.name), ["second"]);
  });
});

Deno.test("a Deno in npx's cache is copied to where it lasts", async () => {
  await inFolder(async (dataDir) => {
    const cache = join(dataDir, "_npx", "1");
    const cached = await copyOfDeno(cache);
    const folder = await installKernel({ dataDir, deno: cached });
    await Deno.writeTextFile(join(folder, "stale"), "");
    await installKernel({ dataDir, deno: cached });
    await Deno.remove(cache, { recursive: true });
    assertEquals([...Deno.readDirSync(folder)].map((f) => f.name).sort(), [
      ...[DENO, "deno.json", "deno.lock", "kernel.json"],
    ]);
    const [deno = ""] = JSON.parse(await Deno.readTextFile(join(folder, "kernel.json"))).argv;
    assertEquals(deno, join(folder, DENO));
    assert((await new Deno.Command(deno, { args: ["--version"] }).output()).success);
  });
});

Deno.test("without Jupyter it is said what to install, on one line", async () => {
  const run = async (...args: readonly string[]) => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--allow-all", "--quiet", "--no-check"],
        ...[new URL("../../lib/cli/kernel.ts", import.meta.url).href, ...args],
      ],
      env: { PATH: "nowhere" },
    }).output();
    return [code, new TextDecoder().decode(stderr).trimEnd()] as const;
  };
  const [code, said] = await run();
  assertEquals(code, 1);
  assertMatch(said, /^expected Jupyter, got no .*apt-get install jupyter-notebook.* --data-dir$/);
  assertMatch(
    (await run("--nmae", "x"))[1],
    /^[^\n]*--nmae[^\n]*usage: deno task kernel \[--name tunebook\][^\n]*$/,
  );
});

jupyterTest("in any folder a kernel knows tunebook, and paths are relative to the notebook", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "own.ts"), "export const own = 42;");
    await Deno.writeTextFile(join(folder, "data.txt"), "data");
    await using kernel = await Kernel.start(folder);
    const said = await kernel.run(`import { Device, dlight, te } from "tunebook";
import { tableFromArrays } from "apache-arrow";
import { own } from "./own.ts";
const { target } = await Device.open({ backend: "cpu" });
const { rule } = dlight.schedule(te.matmul({ m: 4, n: 4, k: 4 }), target);
const rows = tableFromArrays({ x: new Int32Array(3) }).numRows;
console.log(rule, rows, own, await Deno.readTextFile("data.txt"), Deno.cwd());`);
    assertEquals(said, `Matmul 3 42 data ${folder}\n`);
    // Nothing is written where the notebook lies, and the first cell is the first.
    assertEquals([...Deno.readDirSync(folder)].map((f) => f.name).sort(), ["data.txt", "own.ts"]);
    assert(await kernel.restart());
    assertEquals(await kernel.run('"after " + typeof te'), '"after undefined"');
  });
});

jupyterTest("a kernel that is killed leaves its ports to the next one", async () => {
  await inFolder(async (folder) => {
    await using kernel = await Kernel.start(folder);
    // Before any cell, after one, and in one that never waits.
    assert(await kernel.restart({ now: "" }));
    assertEquals(await kernel.run("const first = 1; first"), "1");
    assert(await kernel.restart({ now: "" }));
    await kernel.begin("while (true);");
    assert(await kernel.restart({ now: "" }));
    assertEquals(await kernel.run("typeof first"), '"undefined"');
  });
});

jupyterTest("the README's cell runs as it stands", async () => {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const [, cell = ""] = /```ts ignore\n(.*?)```/s.exec(readme) ?? [];
  assert(cell.includes("seconds: 10"));
  await inFolder(async (folder) => {
    await using kernel = await Kernel.start(folder);
    const run = await kernel.begin(cell.replace("seconds: 10", "seconds: 1"));
    assertEquals(await run.end(), "");
    const shown = run.messages().filter((m) => m.type === "display_data").map((m) =>
      Object.keys(m.content?.["data"] ?? {})
    );
    const chart = ["application/vnd.vegalite.v5+json", "image/png", "text/plain"];
    assertEquals(shown.map((types) => types.sort()), [["text/html", "text/plain"], chart, chart, [
      ...["text/html", "text/plain"],
    ]]);
    assertEquals((await readLog(join(folder, "matmul.arrows"))).length > 3, true);
  });
});

jupyterTest("a project that has tunebook in its own import map keeps it", async () => {
  await inFolder(async (folder) => {
    const imports = { tunebook: "./mine.ts", other: "./other.ts" };
    await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify({ imports }));
    await Deno.writeTextFile(join(folder, "mine.ts"), 'export const mine = "mine";');
    await Deno.writeTextFile(join(folder, "other.ts"), 'export const other = "other";');
    const below = join(folder, "a", "b");
    await Deno.mkdir(below, { recursive: true });
    await using kernel = await Kernel.start(below);
    const said = await kernel.run(`import { mine } from "tunebook";
import { other } from "other";
console.log(mine, other, Deno.cwd());`);
    assertEquals(said, `mine other ${below}\n`);
    assert(await kernel.interrupt());
  });
});

jupyterTest("a cell that can't be parsed shows why and where, and the next one runs", async () => {
  await inFolder(async (folder) => {
    await using kernel = await Kernel.start(folder);
    assertEquals(await kernel.run("const x = ;"), "SyntaxError: Expression expected, line 1:11");
    assertEquals(await kernel.run("const x = 1;\nfoo("), "SyntaxError: Expression expected, line 2:1");
    assertEquals(await kernel.run("throw new Error('mine')"), "Error: mine");
    assertEquals(await kernel.run("const x = 2; x"), "2");
  });
});

jupyterTest("help and completion know types: options of operators, own variables, files beside", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "own.ts"), "/** Forty-two. */\nexport const answer = 42;");
    await using kernel = await Kernel.start(folder);
    await kernel.run(
      'import { te } from "tunebook";\nimport { answer } from "./own.ts";\nconst mine = { first: 1 };',
    );
    const shown = await kernel.inspect("te.matmul") ?? "";
    assertMatch(shown, /matmul\(options: te.MatmulProgramOptions\)/);
    assertMatch(shown, /Makes the program of a matrix product/);
    assertEquals(/file:/.test(shown), false);
    // Inside the brackets of a call it is the call.
    assertMatch(await kernel.inspect("te.matmul(") ?? "", /MatmulProgramOptions/);
    assertMatch(await kernel.inspect("answer") ?? "", /Forty-two/);
    assertEquals(await kernel.inspect("  "), undefined);
    const options = await kernel.complete("te.matmul({ m: 8, ");
    for (const name of ["n", "k", "transposeB"]) assert(options.includes(name), `${name} in ${options}`);
    assertEquals(await kernel.complete("te.matmul({ m: 8, tra"), ["transposeA", "transposeB"]);
    assertEquals(await kernel.complete("mine."), ["first"]);
    assertEquals((await kernel.complete("Deno.")).filter((m) => m.startsWith("__")), []);
  });
});

jupyterTest("a project without tunebook in its import map keeps its names, and gets tunebook", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(
      join(folder, "deno.jsonc"),
      '{ // mine\n "imports": { "other": "./other.ts", "apache-arrow": "./other.ts", }, }',
    );
    await Deno.writeTextFile(join(folder, "other.ts"), 'export const other = "other";');
    await using kernel = await Kernel.start(folder);
    const said = await kernel.run(`import { te } from "tunebook";
import { other } from "other";
import * as arrow from "apache-arrow";
console.log(typeof te.matmul, other, arrow.other, Deno.cwd());`);
    assertEquals(said, `function other other ${folder}\n`);
  });
});
