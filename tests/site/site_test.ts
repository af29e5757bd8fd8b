/** The site: every page of the project is in it, and every link in it leads somewhere. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { findPython } from "../notebooks/run.ts";

const BUILD = fileURLToPath(new URL("build_site.ts", import.meta.url));
const test = await findPython() || Deno.env.get("CI") === "true" ? Deno.test : Deno.test.ignore;

async function filesIn(folder: string, ending: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const at = join(folder, name);
    if (isDirectory) found.push(...await filesIn(at, ending));
    else if (name.endsWith(ending)) found.push(at);
  }
  return found.toSorted();
}

/** The links of a page that lead nowhere: to no file, or to no place in a page. */
async function lostIn(page: string): Promise<readonly string[]> {
  const html = await Deno.readTextFile(page), lost: string[] = [];
  for (const [, link = ""] of html.matchAll(/<(?:a|img)[^>]* (?:href|src)="([^"]*)"/g)) {
    if (/^(\w+:|#$|\$)/.test(link)) continue;
    const target = new URL(link, pathToFileURL(page)), heading = decodeURIComponent(target.hash.slice(1));
    target.hash = "";
    const file = await Deno.stat(target).catch(() => undefined);
    const place = !heading || !file?.isFile || (await Deno.readTextFile(target)).includes(`id="${heading}"`);
    if (!file || !place) lost.push(link);
  }
  return lost;
}

test("the site has all pages, and all of its links lead somewhere", async () => {
  const out = await Deno.makeTempDir();
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", BUILD, "--out", `${out}/site`],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const pages = (await filesIn(`${out}/site`, ".html")).filter((p) => !p.startsWith(`${out}/site/api/`));
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const own = [...await filesIn(`${root}docs`, ".md"), ...await filesIn(`${root}notebooks`, ".ipynb")]
    .map((file) => file.slice(root.length).replace(/\.\w+$/, ".html"));
  const lacking = ["index.html", "CHANGELOG.html", ...own].filter((p) => !pages.includes(`${out}/site/${p}`));
  assertEquals(lacking, []);
  const lost = await Promise.all(pages.map(async (p) => (await lostIn(p)).map((link) => `${p}: ${link}`)));
  assertEquals(lost.flat(), []);
  assert((await filesIn(`${out}/site/api`, ".html")).length > 100);
  await Deno.remove(out, { recursive: true });
});
