/** The house: which room may import which, and no cycles. */
import { assertEquals } from "@std/assert";

/**
 * The rooms in the order in which data goes through them, each with the rooms that it may import: only rooms above
 * it. The compiler is pure: none of its rooms imports a room of another wing. `dlight` and `autotvm` never import each
 * other, and neither `charts` nor `notebook` measures.
 *
 * One room is not in the design: `face` holds the namespaces of mod.ts, a file each, so that their types are documented
 * and exported with them. `measure` imports `dlight`, as untrusted programs are scheduled in its process. `records` imports lowering, as a database checks that a record's schedule still lowers.
 * `models` imports `autotvm` and `records`, as a language model takes a budget and a database.
 */
const COMPILER: Readonly<Record<string, readonly string[]>> = {
  base: [],
  ir: ["base"],
  arith: ["base", "ir"],
  interp: ["base", "ir"],
  target: ["base", "ir"],
  te: ["base", "ir"],
  op: ["base", "ir", "te"],
  schedule: ["base", "ir", "arith", "target"],
  space: ["base", "ir", "arith", "schedule"],
  estimate: ["base", "ir", "target"],
  dlight: ["base", "ir", "arith", "target", "schedule", "space", "estimate"],
  relax: ["base", "ir", "arith", "interp", "te", "op"],
  lower: ["base", "ir", "arith", "target"],
  codegen: ["base", "ir", "arith", "target", "lower"],
};
const DEVICE: Readonly<Record<string, readonly string[]>> = {
  runtime: ["base", "ir", "target", "lower", "codegen"],
  measure: [
    "base",
    "ir",
    "interp",
    "target",
    "schedule",
    "space",
    "estimate",
    "dlight",
    "lower",
    "codegen",
    "runtime",
  ],
  // A tuner's half of a fleet sends what `Measuring` takes; a worker's half measures it. It knows no search.
  fleet: ["base", "ir", "target", "schedule", "measure", "runtime"],
};
const TUNING: Readonly<Record<string, readonly string[]>> = {
  autotvm: ["base", "ir", "target", "space", "estimate"],
  records: ["base", "ir", "target", "schedule", "space", "estimate", "lower", "measure"],
  charts: ["base", "target", "space", "estimate", "measure", "records"],
  tuning: [...Object.keys({ ...COMPILER, ...DEVICE }), "autotvm", "records", "charts"],
  models: ["base", "ir", "te", "op", "relax", "runtime", "autotvm", "records", "tuning"],
};
const below = Object.keys({ ...COMPILER, ...DEVICE, ...TUNING });
const PRESENTATION: Readonly<Record<string, readonly string[]>> = {
  notebook: below,
  // `measure` finds the deno.json of a project.
  jupyter: ["base", "measure", "tuning", "notebook"],
  browser: below,
  share: [...below, "notebook", "browser"],
  face: [...below, "notebook", "browser", "share"],
  cli: [...below, "notebook", "jupyter", "browser", "share", "face"],
};
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  ...COMPILER,
  ...DEVICE,
  ...TUNING,
  ...PRESENTATION,
};
const rooms: Readonly<Record<string, readonly string[]>> = {
  ...MAY_IMPORT,
  "mod.ts": Object.keys(MAY_IMPORT),
};

/** Packages from outside, and the rooms that use them: by full specifier, as users have no import map of ours. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@huggingface/gguf": ["models"],
  "@mlc-ai/web-xgrammar": ["models"],
  "@huggingface/jinja": ["models"],
  "@huggingface/tokenizers": ["models"],
  "jsonc-parser": ["jupyter"],
  "apache-arrow": ["records", "charts", "tuning", "notebook", "share", "cli"],
  "diff": ["notebook"],
  "pure-rand": ["base"],
  "vega": ["charts", "share"],
  "vega-interpreter": ["share"],
  "vega-lite": ["charts", "share"],
  "@resvg/resvg-js": ["charts"],
  "@nats-io/jetstream": ["fleet"],
  "@nats-io/kv": ["fleet"],
  "@nats-io/nats-core": ["fleet", "browser"],
  "@nats-io/obj": ["fleet"],
  "@nats-io/transport-node": ["fleet"],
  "uqr": ["cli"],
};

/** Where programs begin; nothing imports them. */
const ENTRIES = [
  "mod.ts",
  "lib/browser/measure_here.ts",
  "lib/browser/worker_page.ts",
  "lib/face/browser.ts",
  "lib/face/models.ts",
  "lib/cli/browser.ts",
  "lib/cli/chat.ts",
  "lib/cli/convert.ts",
  "lib/cli/fleet.ts",
  "lib/cli/kernel.ts",
  "lib/jupyter/prelude.ts",
  "lib/jupyter/start.ts",
  "lib/jupyter/watchdog.ts",
  "lib/cli/quickstart.ts",
  "lib/cli/rerun.ts",
  "lib/cli/rules.ts",
  "lib/cli/serve.ts",
  "lib/cli/survey.ts",
  "lib/cli/worker.ts",
  "lib/measure/worker.ts",
];

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier: string };
    readonly type?: { readonly specifier: string };
  }[];
}

const root = new URL("../", import.meta.url).href;

/** Every module of the product, with what it imports: `[file, imported]`, files relative to the root. */
async function imports(): Promise<readonly (readonly [from: string, to: string])[]> {
  const found = new Map<string, readonly [string, string]>();
  for (const entry of ENTRIES) {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", new URL(entry, root).href],
      stderr: "null",
    }).output();
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
      readonly modules: readonly Module[];
    };
    for (const m of modules) {
      if (!m.specifier.startsWith(root)) continue;
      for (const d of m.dependencies ?? []) {
        const to = d.code?.specifier ?? d.type?.specifier ?? d.specifier;
        const edge = [
          m.specifier.slice(root.length),
          to.startsWith(root) ? to.slice(root.length) : d.specifier,
        ];
        found.set(edge.join(" "), edge as [string, string]);
      }
    }
  }
  return [...found.values()];
}

const edges = await imports();

function roomOf(file: string): string {
  return file.startsWith("lib/") ? file.split("/")[1] as string : file;
}

Deno.test("rooms import only what the table lets them", () => {
  const wrong = edges.filter(([, to]) => to.startsWith("lib/") || to === "mod.ts").filter(
    ([from, to]) => {
      const [own, other] = [roomOf(from), roomOf(to)];
      return own !== other && !(rooms[own] ?? []).includes(other);
    },
  );
  assertEquals(wrong, []);
});

Deno.test("a room stands below all that it imports", () => {
  const order = Object.keys(MAY_IMPORT);
  const up = order.flatMap((room, k) =>
    (MAY_IMPORT[room] ?? []).filter((other) => order.indexOf(other) >= k)
  );
  assertEquals(up, []);
});

Deno.test("the compiler is pure: no host, no node, no package but random numbers", async () => {
  for (const file of new Set(edges.map(([from]) => from))) {
    if (!Object.hasOwn(COMPILER, roomOf(file))) continue;
    const text = await Deno.readTextFile(new URL(file, root));
    assertEquals(/\bDeno\.\w|"node:|\bprocess\.\w/.test(text), false, file);
  }
});

Deno.test("every room is in the table, and every row is a room", async () => {
  const here: string[] = [];
  for await (const entry of Deno.readDir(new URL("lib/", root))) here.push(entry.name);
  assertEquals(here.toSorted(), Object.keys(rooms).filter((r) => r !== "mod.ts").toSorted());
});

Deno.test("packages are used where the table says, in the versions of the import map", async () => {
  const outside = edges.filter(([, to]) => !to.startsWith("lib/") && !to.startsWith("node:"));
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root))) as {
    readonly imports: Readonly<Record<string, string>>;
  };
  const versions = Object.values(imports).map((to) => to.replace(/^npm:\/?|\/$/g, ""));
  const wrong = outside.filter(([from, to]) => {
    const [, known, name = ""] = /^npm:((@?[^@]+)@[\d.]+)(\/|$)/.exec(to) ?? [];
    // The import map, with which tests and notebooks import the same packages, has the same versions.
    return known === undefined || !versions.includes(known) || !PACKAGES[name]?.includes(roomOf(from));
  });
  assertEquals(wrong, []);
});

Deno.test("no module imports itself by any way round", () => {
  const next = Map.groupBy(edges, ([from]) => from);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(" → "));
    if (done.has(file) || path.includes(file)) return;
    for (const [, to] of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  assertEquals(cycles, []);
});

/** A user's folder for caches is where the environment says, as the XDG base directories do. No knob is read there. */
const READS_ENVIRONMENT = ["lib/tuning/cache_folder.ts"];

Deno.test("only the runtime touches navigator.gpu, and no room reads knobs from the environment", async () => {
  const files = new Set(edges.flatMap(([from]) => from));
  for (const file of files) {
    const text = await Deno.readTextFile(new URL(file, root));
    assertEquals(/navigator\.gpu/.test(text) && !file.startsWith("lib/runtime/"), false, file);
    if (READS_ENVIRONMENT.includes(file)) continue;
    assertEquals(/Deno\.env|process\.env/.test(text), false, `${file} reads an environment variable`);
  }
});

Deno.test("every file under lib is reached from an entry", async () => {
  const reached = new Set([...edges.flat(), ...ENTRIES]);
  const lost: string[] = [];
  const walk = async (dir: string): Promise<void> => {
    for await (const e of Deno.readDir(new URL(dir, root))) {
      if (e.isDirectory) await walk(`${dir}${e.name}/`);
      else if (e.name.endsWith(".ts") && !reached.has(dir + e.name)) lost.push(dir + e.name);
    }
  };
  await walk("lib/");
  assertEquals(lost, []);
});
