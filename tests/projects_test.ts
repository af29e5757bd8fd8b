/**
 * Tunebook in a user's own project, which has its own configuration: with and without an import map, from a folder and
 * over http. The projects start from this checkout's lock file, and their packages come from the cache.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);
/** A proxy that refuses: a request to a registry fails at once, and one to this machine takes no proxy. */
const OFFLINE = {
  HTTP_PROXY: "http://127.0.0.1:9",
  HTTPS_PROXY: "http://127.0.0.1:9",
  NO_PROXY: "127.0.0.1,localhost",
};

/** What a user's program does: it builds and runs, and a search measures in a child process. */
function program(from: string): string {
  return `import { autotvm, build, Device, te } from ${JSON.stringify(from)};
using device = await Device.open();
const func = te.matmul({ m: 8, n: 8, k: 8 });
using program = await build(func, device);
const { C } = await program.run({ A: new Float32Array(64).fill(1), B: new Float32Array(64).fill(2) });
const log = await autotvm.tune(func, device, { budget: { trials: 2 }, seed: 1 });
console.log(C?.[0], log.best.status, log.records.length);
`;
}

interface Project {
  /** Its deno.json; none where it is undefined. */
  readonly config?: unknown;
  readonly files?: Readonly<Record<string, string>>;
}

let locked: Promise<string> | undefined;
/** The lock file of a project that uses the module alone. Its packages are in the cache then: the registry is asked once. */
function lockOfModule(): Promise<string> {
  return locked ??= (async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(join(folder, "deno.json"), "{}");
      await Deno.copyFile(new URL("deno.lock", ROOT), join(folder, "deno.lock"));
      await Deno.writeTextFile(join(folder, "main.ts"), program(BY_PATH));
      await deno(folder, ["check", "--quiet", "main.ts"], {});
      return await Deno.readTextFile(join(folder, "deno.lock"));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  })();
}

/** Makes a project with these files and the versions of this checkout, and removes it at the end. */
async function inProject(
  { config, files = {} }: Project,
  act: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    if (config !== undefined) await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify(config));
    await Deno.writeTextFile(join(folder, "deno.lock"), await lockOfModule());
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(folder, name), text);
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs Deno in a folder and gives what it prints; a failure shows what it complains about. */
async function deno(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = OFFLINE,
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: folder,
    env: { ...env, NO_COLOR: "1" },
  }).output();
  const out = new TextDecoder().decode(stdout), said = new TextDecoder().decode(stderr);
  assertEquals(code, 0, `deno ${args.join(" ")}\n${out}\n${said}`);
  return out;
}

const RUN = ["run", "--quiet", "--allow-all", "main.ts"];
const EXPECTED = "16 ok 2\n";
const BY_PATH = new URL("mod.ts", ROOT).href;

Deno.test("a project with default compiler options imports the module by its path, checks and runs", async () => {
  await inProject({ config: {}, files: { "main.ts": program(BY_PATH) } }, async (folder) => {
    await deno(folder, ["check", "--quiet", "main.ts"]);
    assertEquals(await deno(folder, RUN), EXPECTED);
  });
});

Deno.test("a folder without a configuration imports the module by its path", async () => {
  await inProject({ files: { "main.ts": program(BY_PATH) } }, async (folder) => {
    assertEquals(await deno(folder, ["run", "--lock", "deno.lock", ...RUN.slice(1)]), EXPECTED);
  });
});

Deno.test("the measuring process gets the import map of the project", async () => {
  const device = new URL("lib/runtime/device.ts", ROOT).href;
  const files = {
    "main.ts": program("tunebook"),
    // It stands for the module's own, which is another module under another address. The measuring process, which may
    // write no file, tells of it by not starting.
    "device.ts": `if (Deno.mainModule.endsWith("/worker.ts")) throw new Error("it has the import map");
export * from "${device}?own";
`,
    "caught.ts": `await import("./main.ts").catch((e) => console.log(e.message));`,
  };
  const imports = { tunebook: BY_PATH, [device]: "./device.ts" };
  await inProject({ config: { imports }, files }, async (folder) => {
    const said = await deno(folder, [...RUN.slice(0, -1), "caught.ts"]);
    assertMatch(said, /^cannot start the measuring process for matmul: .*it has the import map/);
  });
});

Deno.test("a project imports the module over http, and the lock file then covers the measuring process", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const path = new URL(request.url).pathname;
    try {
      const body = await Deno.readFile(new URL(`.${path}`, ROOT));
      return new Response(body, {
        headers: path.endsWith(".ts") ? { "content-type": "application/typescript" } : {},
      });
    } catch (e) {
      if (!(e instanceof Deno.errors.NotFound)) throw e;
      return new Response(`there is no ${path}`, { status: 404 });
    }
  });
  const module = `http://127.0.0.1:${server.addr.port}/mod.ts`;
  const { npmCache } = JSON.parse(await deno(fileURLToPath(ROOT), ["info", "--json"])) as {
    readonly npmCache: string;
  };
  // Modules go to a cache of the test's own; the packages come from the one that is there.
  const cache = await Deno.makeTempDir();
  try {
    await Deno.symlink(npmCache, join(cache, "npm"), { type: "junction" });
    const cached = { ...OFFLINE, DENO_DIR: cache };
    const direct = { config: {}, files: { "main.ts": program(module) } };
    await inProject(direct, async (folder) => {
      await deno(folder, ["check", "--quiet", "--allow-import", "main.ts"], cached);
      assertEquals(await deno(folder, RUN, cached), EXPECTED);
      const lock = await Deno.readTextFile(join(folder, "deno.lock"));
      assert(lock.includes("/lib/measure/worker.ts") && lock.includes("/lib/measure/watchdog.ts"));
      assertEquals(await deno(folder, [...RUN.slice(0, -1), "--frozen", "main.ts"], cached), EXPECTED);
    });
    const mapped = { config: { imports: { tunebook: module } }, files: { "main.ts": program("tunebook") } };
    await inProject(mapped, async (folder) => assertEquals(await deno(folder, RUN, cached), EXPECTED));
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});

Deno.test("what is published is the module, and neither tests nor notebooks", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty", "--no-check"],
    cwd: fileURLToPath(ROOT),
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stderr);
  assertEquals(code, 0, said);
  const files = [...said.matchAll(/^ +(file:\S+) \(/gm)].map(([, url = ""]) => url.slice(ROOT.href.length));
  assert(files.includes("mod.ts") && files.some((file) => file.startsWith("lib/charts/fonts/")));
  const kept = /^(lib\/.*|mod\.ts|deno\.json|README\.md|CHANGELOG\.md|LICENSE)$/;
  assertEquals(files.filter((file) => !kept.test(file)), []);
});
