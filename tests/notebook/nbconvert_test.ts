/** Committed notebooks as the plain pages that nbconvert makes of them, in a browser without a network. */
import { assert, assertEquals } from "@std/assert";
import { basename } from "node:path";
import { codeOf } from "../notebooks/notebook.ts";
import { findPython, notebooks, readNotebook } from "../notebooks/run.ts";
import { browse, browserTest } from "../share/browser.ts";

const python = await findPython();
const test = python || Deno.env.get("CI") === "true" ? browserTest : Deno.test.ignore;

for (const path of notebooks()) {
  const name = basename(path);
  test(`${name}: every chart and picture is there in nbconvert's page`, async () => {
    const dir = await Deno.makeTempDir();
    const { success, stderr } = await new Deno.Command(python ?? "", {
      args: ["-m", "nbconvert", "--to", "html", "--output", `${dir}/page.html`, path],
      stdout: "null",
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    const outputs = codeOf(await readNotebook(path)).flatMap((c) => c.outputs ?? []);
    const charts = outputs.filter((o) => o.data && "image/png" in o.data).length;
    await browse(`${dir}/page.html`, async (page) => {
      const widths = await page.locator(".jp-OutputArea-output img, .output_png img").evaluateAll((images) =>
        images.map((i) => (i as unknown as { readonly naturalWidth: number }).naturalWidth)
      );
      assertEquals(widths.length, charts);
      assert(charts > 0 && widths.every((w) => w > 100), `${widths}`);
    });
  });
}
