/** The survey of a device: its stages, its folder, and how it goes on after it was stopped. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { tableFromIPC, tableToIPC } from "apache-arrow";
import { survey } from "../../lib/cli/survey.ts";
import { gridOf, points } from "../../lib/cli/survey/points.ts";
import { STAGES } from "../../lib/cli/survey/stages.ts";
import { products, vectors } from "../../lib/cli/survey/subjects.ts";
import { readSpace } from "../../lib/records/recorded_space.ts";
import { Device } from "../../lib/runtime/device.ts";
import { RecordError } from "../../lib/records/error.ts";
import { tableOf } from "../../lib/records/table.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { devices } from "../devices.ts";
import { start } from "./process.ts";

const never = new AbortController().signal;

const rowsOf = async (path: string) =>
  tableFromIPC(await Deno.readFile(path)).toArray().map((r) => r.toJSON());
const backend = devices.some((d) => d.target.kind === "webgpu") ? "webgpu" : "cpu";

Deno.test("a survey that was stopped goes on, and leaves a table a stage and one page", async () => {
  const out = await Deno.makeTempDir();
  const args = ["--backend", backend, "--minutes", "0.02", "--out", out];
  const stages = STAGES.filter((s) => s.name !== "peers").flatMap((s) => ["--only", s.name]);
  const first = start("survey", ...args, ...stages);
  await first.until(/correctness: /);
  assertEquals(await first.end(), 1);
  assertStringIncludes(first.said(), "stopped; the same command goes on");
  const begun = await Deno.readFile(`${out}/correctness.arrows`);
  assertEquals(await survey([...args, ...stages], never), 0);
  assertEquals(await Deno.readFile(`${out}/correctness.arrows`), begun);

  const page = await Deno.readTextFile(`${out}/index.html`);
  for (const { name, title } of STAGES.filter((s) => s.name !== "peers")) {
    // Opening a process takes longer than this survey has for its points.
    assert(name === "points" || (await rowsOf(`${out}/${name}.arrows`)).length > 0, name);
    assertStringIncludes(page, title);
  }
  const correct = [...await rowsOf(`${out}/correctness.arrows`), ...await rowsOf(`${out}/model.arrows`)];
  assertEquals(new Set(correct.map((r) => r.correct)), new Set(["yes"]));
  const pairs = await rowsOf(`${out}/pairs.arrows`);
  assert(pairs.some((r) => r.schedule === "rule" && r.timesRule === 1 && r.status === "ok"));
  assertEquals(pairs.filter((r) => /error|lost/.test(r.status)), []);
  const left = [...Deno.readDirSync(out)].map((e) => e.name);
  assertEquals(left.filter((name) => name.endsWith(".part")), []);
});

Deno.test("points of a space are measured until the time is over", async () => {
  const out = await Deno.makeTempDir(), isOver = new AbortController();
  using device = await Device.open({ backend });
  // The time is over when a point is in the file, however fast the machine is.
  const path = `${out}/space_product_nn.arrows`;
  const watch = setInterval(async () => {
    const space = await readSpace(path).catch(() => undefined);
    if (space?.points.values().some((p) => p.status === "ok")) isOver.abort();
  }, 500);
  const table = await points({ device, out, seconds: 3000, signal: isOver.signal, stop: never });
  clearInterval(watch);
  const rows = table.toArray().map((r) => r.toJSON());
  assert(rows.some((r) => r.status === "ok" && r.ms > 0));
  assertEquals(rows.filter((r) => r.status === "wrong" || r.status === "lost"), []);
  assert((await readSpace(path)).points.size > 0);
});

Deno.test("a folder with another device's survey is refused", async () => {
  const out = await Deno.makeTempDir();
  const table = tableOf([{ fact: "name", value: '"another"' }], { fact: "text", value: "text" });
  await Deno.writeFile(`${out}/device.arrows`, tableToIPC(table, "stream"));
  await assertRejects(
    () => survey(["--backend", "cpu", "--only", "device", "--out", out], never),
    RecordError,
    'got one of "another"',
  );
});

Deno.test("some forty points of each space are in the grid, on a GPU too", () => {
  for (const profile of ["nvidia", "amd", "llvmpipe"] as const) {
    const target = targetOf(profile);
    for (const subject of [...products(target), ...vectors(target)]) {
      const points = Object.values(gridOf(subject, target)).reduce((n, values) => n * values.length, 1);
      assert(points >= 20 && points <= 40, `${profile}, ${subject.name}: ${points}`);
    }
  }
});
