/** Committed notebooks as the plain pages that nbconvert makes of them, in a browser without a network. */
import { assert, assertEquals } from "@std/assert";
import { basename } from "node:path";
import { jupyterTest } from "../notebooks/jupyter.ts";
import { codeOf } from "../notebooks/notebook.ts";
import { findPython, notebooks, readNotebook } from "../notebooks/run.ts";
import { browse } from "./browser.ts";

for (const path of notebooks()) {
  const name = basename(path);
  jupyterTest(`${name}: every chart is a picture in nbconvert's page`, async () => {
    const dir = await Deno.makeTempDir();
    const { success, stderr } = await new Deno.Command(await findPython() ?? "", {
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
      assert(charts > 0 && widths.every((w) => w > 200), `${widths}`);
    });
  });
}
