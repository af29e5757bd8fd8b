/**
 * Builds the site: the pages of docs/ by Eleventy, the notebooks by nbconvert, and the reference by `deno doc --html`. All
 * links in it are relative, so that it can be opened from a folder.
 */
import Eleventy, { IdAttributePlugin } from "@11ty/eleventy";
import { basename, dirname, join, posix, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { TunebookError } from "../../lib/base/error.ts";
import { name } from "../../lib/base/option_kinds.ts";
import { escapeHtml } from "../../lib/notebook/tables.ts";
import { findPython, NoJupyterError } from "../notebooks/run.ts";
import { SITE_STYLE } from "./site_style.ts";

/** A part of the site could not be written. */
class SiteError extends TunebookError {
  override readonly name = "SiteError";
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The pages beside the text, by their files; a heading begins each group. */
const CONTENTS: readonly (readonly [heading: string, files: readonly string[]])[] = [
  ["Start", ["README.md", "docs/platforms.md", "docs/limits.md", "docs/comparison.md"]],
  ["Use", [
    "docs/search.md",
    "docs/building.md",
    "docs/graphs.md",
    "docs/onnx.md",
    "docs/language_models.md",
    "docs/model_files.md",
    "docs/fables.md",
    "docs/notebooks.md",
    "docs/sharing.md",
    "docs/browser.md",
    "docs/devices.md",
    "docs/fleet.md",
    "docs/numerics.md",
  ]],
  ["Notebooks", await filesIn("notebooks", ".ipynb")],
  ["Extend", [
    "docs/architecture.md",
    ...await filesIn("docs/howto", ".md"),
    "CONTRIBUTING.md",
    "CHANGELOG.md",
  ]],
];
const PAGES = CONTENTS.flatMap(([, files]) => files);

/** What pages link to and show beside other pages. */
const ASSETS = ["notebooks/data", "LICENSE"];

async function filesIn(folder: string, ending: string): Promise<readonly string[]> {
  const found = await Array.fromAsync(Deno.readDir(join(ROOT, folder)), (entry) => entry.name);
  return found.filter((file) => file.endsWith(ending)).toSorted().map((file) => posix.join(folder, file));
}

/** Where a page of the project lies in the site. */
function placeOf(file: string): string {
  return file === "README.md" ? "index.html" : file.replace(/\.(md|ipynb)$/, ".html");
}

/** The title of a page: its first heading, or a notebook's name. */
async function titleOf(file: string): Promise<string> {
  if (file.endsWith(".ipynb")) return basename(file, ".ipynb").replace(/^(\d+)_/, "$1 ").replaceAll("_", " ");
  return /^# (.*)$/m.exec(await Deno.readTextFile(join(ROOT, file)))?.[1] ?? file;
}

const TITLES = new Map(await Promise.all(PAGES.map(async (file) => [file, await titleOf(file)] as const)));

/** A page with its text: the list of pages, and the style. */
function pageOf(place: string, content: string): string {
  const from = posix.dirname(place), to = (target: string) => posix.relative(from, target);
  const groups = CONTENTS.map(([heading, files]) =>
    `<b>${heading}</b><ul>${
      files.map((file) => {
        const current = placeOf(file) === place ? ' aria-current="page"' : "";
        return `<li><a href="${to(placeOf(file))}"${current}>${
          escapeHtml(TITLES.get(file) ?? file)
        }</a></li>`;
      }).join("")
    }</ul>`
  );
  const title = TITLES.get(PAGES.find((file) => placeOf(file) === place) ?? "") ?? "Tunebook";
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${
    escapeHtml(title)
  } · Tunebook</title>` +
    `<meta name="viewport" content="width=device-width,initial-scale=1"><style>${SITE_STYLE}</style></head><body>` +
    `<div class="site"><nav aria-label="Pages">${groups.join("")}<ul><li><a href="${
      to("api/index.html")
    }">Reference</a></li></ul>` +
    `</nav><main>${content}</main></div></body></html>\n`;
}

/** The way back from a notebook. */
const HOME = '<p style="margin:1em;font:14px system-ui,sans-serif"><a href="../index.html">Tunebook</a></p>';

/** Files of the project's source that pages link to: each gets a page of its own. */
type Sources = Set<string>;

/** A link of a page of the project as a link of the site. The page lies in `folder`. */
function linkOf(link: string, folder: string, sources: Sources): string {
  if (/^(\w+:|#)/.test(link)) return link;
  const [path = "", heading] = link.split("#");
  if (/\.(ts|yml|json|html|js|css)$/.test(path)) sources.add(posix.join(folder, path));
  const place = path.replace(/\.(ts|yml|json|html|js|css)$/, ".$1.html")
    .replace(/(^|\/)README\.md$/, "$1index.html").replace(/\.(md|ipynb)$/, ".html");
  return heading === undefined ? place : `${place}#${heading}`;
}

/** What Eleventy gives to a transform, and the parts of its configuration that are used here. */
interface Made {
  readonly page: { readonly inputPath: string };
}
interface Configuration {
  addPlugin(plugin: unknown): void;
  addGlobalData(name: string, value: () => unknown): void;
  addTransform(name: string, change: (this: Made, content: string) => string): void;
}

/** Writes the pages of Markdown. Eleventy works in the current folder, which is that of a copy. */
async function writePages(out: string, sources: Sources): Promise<void> {
  const copy = await Deno.makeTempDir(), before = Deno.cwd();
  for (const file of PAGES.filter((file) => file.endsWith(".md"))) {
    await Deno.mkdir(join(copy, "in", dirname(file)), { recursive: true });
    await Deno.copyFile(join(ROOT, file), join(copy, "in", file));
  }
  Deno.chdir(copy);
  try {
    const site = new Eleventy("in", relative(copy, out), {
      quietMode: true,
      config(config: Configuration) {
        config.addPlugin(IdAttributePlugin);
        config.addGlobalData(
          "permalink",
          () => (data: { page: { inputPath: string } }) => placeOf(posix.relative("in", data.page.inputPath)),
        );
        config.addTransform("page", function (this: Made, content: string) {
          const file = posix.relative("in", this.page.inputPath);
          const linked = content.replace(
            /(?<= href=")[^"]*/g,
            (link) => linkOf(link, dirname(file), sources),
          );
          return pageOf(placeOf(file), linked);
        });
        return { markdownTemplateEngine: false, templateFormats: ["md"] };
      },
    });
    await site.write();
  } finally {
    Deno.chdir(before);
    await Deno.remove(copy, { recursive: true });
  }
}

/** Runs a program in the root of the project. */
async function run(program: string, args: readonly string[]): Promise<void> {
  const command = new Deno.Command(program, { args: [...args], cwd: ROOT, stdout: "null", stderr: "piped" });
  const { success, stderr } = await command.output();
  if (!success) throw new SiteError(`${program} failed:\n${new TextDecoder().decode(stderr).slice(-2000)}`);
}

async function copyFolder(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    await copyFolder(join(from, entry.name), join(to, entry.name));
  }
}

/**
 * Writes the site into a folder, which is made anew.
 *
 * @throws {NoJupyterError} if there is no Jupyter to convert notebooks
 * @throws {SiteError} if a program fails that writes a part of it
 */
export async function buildSite(out: string): Promise<void> {
  await Deno.remove(out, { recursive: true }).catch(() => {});
  await Deno.mkdir(join(out, "notebooks"), { recursive: true });
  const sources: Sources = new Set();
  await writePages(out, sources);
  for (const asset of ASSETS) await copyFolder(join(ROOT, asset), join(out, asset));
  const notebooks = PAGES.filter((file) => file.endsWith(".ipynb"));
  const python = await findPython();
  if (python === undefined) {
    throw new NoJupyterError("expected a python3 with nbconvert, got none (Debian: jupyter-nbconvert)");
  }
  await run(python, [
    "-m",
    "nbconvert",
    "--to",
    "html",
    "--output-dir",
    join(out, "notebooks"),
    ...notebooks,
  ]);
  for (const file of notebooks) {
    const at = join(out, placeOf(file)), text = await Deno.readTextFile(at);
    const linked = text.replace(/(?<=<a href=")[^"]*/g, (link) => linkOf(link, "notebooks", sources));
    await Deno.writeTextFile(at, linked.replace(/<body[^>]*>/, (body) => body + HOME));
  }
  for (const file of sources) {
    const at = join(out, `${file}.html`), text = escapeHtml(await Deno.readTextFile(join(ROOT, file)));
    await Deno.mkdir(dirname(at), { recursive: true });
    await Deno.writeTextFile(at, pageOf(`${file}.html`, `<h1>${file}</h1><pre>${text}</pre>`));
  }
  const doors = ["mod.ts", "lib/face/browser.ts", "lib/face/charts.ts", "lib/face/models.ts"];
  await run(Deno.execPath(), ["doc", "--html", "--name=Tunebook", `--output=${join(out, "api")}`, ...doors]);
}

const COMMAND = {
  name: "deno task site",
  summary: "Builds the site: pages, notebooks and reference.",
  options: {
    out: {
      as: "text",
      kind: name,
      value: "results/site",
      help: "Folder for the site, made anew. Default results/site.",
    },
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

if (import.meta.main) {
  await runCommand(COMMAND, async (args) => {
    const { out = "results/site" } = argumentsOf(COMMAND, args).values;
    await buildSite(resolve(out));
    console.log(`The site: ${join(out, "index.html")}`);
  });
}
