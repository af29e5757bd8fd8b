/** The pages for people: every path that they name is there, every link leads somewhere, and every task exists. */
import { assertEquals } from "@std/assert";
import { headingsOf, linksIn, pathsIn, tasksIn } from "./markdown.ts";

const ROOT = new URL("../", import.meta.url);

async function pages(): Promise<readonly string[]> {
  const own: string[] = [];
  for (const folder of ["docs/", "docs/howto/"]) {
    for await (const { name } of Deno.readDir(new URL(folder, ROOT))) {
      if (name.endsWith(".md")) own.push(folder + name);
    }
  }
  return ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...own.toSorted()];
}

async function exists(url: URL): Promise<boolean> {
  try {
    await Deno.stat(url);
    return true;
  } catch (e) {
    if (e instanceof Deno.errors.NotFound || e instanceof Deno.errors.NotADirectory) return false;
    throw e;
  }
}

const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT))) as {
  readonly tasks: Readonly<Record<string, unknown>>;
};

for (const page of await pages()) {
  const at = new URL(page, ROOT);
  const text = await Deno.readTextFile(at);

  Deno.test(`${page}: every path that it names is there`, async () => {
    const lost: string[] = [];
    for (const path of pathsIn(text)) if (!await exists(new URL(path, ROOT))) lost.push(path);
    assertEquals(lost, []);
  });

  Deno.test(`${page}: every link leads somewhere`, async () => {
    const lost: string[] = [];
    for (const link of linksIn(text)) {
      const target = new URL(link, at);
      const heading = decodeURIComponent(target.hash.slice(1));
      target.hash = "";
      if (!await exists(target)) lost.push(link);
      else if (heading && !headingsOf(await Deno.readTextFile(target)).includes(heading)) lost.push(link);
    }
    assertEquals(lost, []);
  });

  Deno.test(`${page}: every task that it names exists`, () => {
    assertEquals(tasksIn(text).filter((name) => !Object.hasOwn(tasks, name)), []);
  });
}

Deno.test("the README answers what, why and how in a screen each", async () => {
  const words = (await Deno.readTextFile(new URL("README.md", ROOT))).split(/\s+/).length;
  assertEquals(words <= 1000, true, `it has ${words} words`);
});

Deno.test("modules that tests name in programs of their own are there", async () => {
  const lost: string[] = [];
  const walk = async (folder: URL): Promise<void> => {
    for await (const entry of Deno.readDir(folder)) {
      const at = new URL(entry.name, folder);
      if (entry.isDirectory) await walk(new URL(`${entry.name}/`, folder));
      if (!entry.name.endsWith(".ts")) continue;
      // No checker sees these: a program in a string, or an address that is given to another process.
      for (
        const [, path = ""] of (await Deno.readTextFile(at)).matchAll(/"((?:\.\.\/)+lib\/[\w./-]+\.ts)"/g)
      ) {
        if (!await exists(new URL(path, at))) lost.push(`${entry.name}: ${path}`);
      }
    }
  };
  await walk(new URL("tests/", ROOT));
  assertEquals(lost, []);
});

Deno.test("an example of the docs that is wrong fails", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/wrong.md`, '```ts\nconsole.assert(1 + 1 === 3, "two and two");\n```\n');
  const [, flags = ""] = /deno test (.*?) --doc/.exec((tasks.doc as { readonly command: string }).command) ??
    [];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", ...flags.split(" "), "--no-check", "--doc", `${folder}/wrong.md`],
    cwd: ROOT,
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals([code, said.includes("got one that does not: two and two")], [1, true], said);
  await Deno.remove(folder, { recursive: true });
});
