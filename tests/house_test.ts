/** The house: which room may import which, and no cycles. */
import { assertEquals } from "@std/assert";

/**
 * A room's own files and those rooms. Four rows are wider than the design's first draft: `target` takes the
 * base of all errors from `ir`, so that an unknown target is a TunebookError like any other; `space` takes
 * the schedule, as a template is a function of one; `records` takes lowering, as a database tries its records'
 * schedules against their targets; and `report` takes the statistics of samples from `measure`, as a median is the
 * same wherever it is shown.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  ir: [],
  target: ["ir"],
  te: ["ir"],
  schedule: ["ir", "target"],
  space: ["ir", "schedule"],
  dlight: ["target", "ir", "schedule", "space"],
  autotvm: ["target", "ir", "schedule", "space"],
  lower: ["target", "ir"],
  codegen: ["target", "ir", "lower"],
  runtime: ["target", "ir", "lower", "codegen"],
  measure: ["target", "ir", "lower", "codegen", "runtime"],
  records: ["target", "ir", "space", "schedule", "lower", "measure"],
  report: ["target", "ir", "schedule", "space", "measure", "records"],
};
const experiment = [...Object.keys(MAY_IMPORT)];
const rooms: Readonly<Record<string, readonly string[]>> = {
  ...MAY_IMPORT,
  experiment,
  "mod.ts": [...experiment, "experiment"],
};

/** Packages from outside, and the rooms that use them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "apache-arrow": ["records", "report", "experiment"],
  "diff": ["report"],
  "pure-rand": ["space"],
  "vega": ["report"],
  "vega-interpreter": ["report"],
  "vega-lite": ["report"],
  "@resvg/resvg-js": ["report"],
};

/** Where programs begin; nothing imports them. */
const ENTRIES = [
  "mod.ts",
  "lib/experiment/kernel.ts",
  "lib/experiment/kernel_prelude.ts",
  "lib/experiment/kernel_start.ts",
  "lib/experiment/kernel_watchdog.ts",
  "lib/experiment/quickstart.ts",
  "lib/experiment/rerun_shared.ts",
  "lib/experiment/rules.ts",
  "lib/measure/watchdog.ts",
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

Deno.test("every room is in the table, and every row is a room", async () => {
  const here: string[] = [];
  for await (const entry of Deno.readDir(new URL("lib/", root))) here.push(entry.name);
  assertEquals(here.toSorted(), Object.keys(rooms).filter((r) => r !== "mod.ts").toSorted());
});

Deno.test("packages are used where the table says", () => {
  const outside = edges.filter(([, to]) => !to.startsWith("lib/") && !to.startsWith("node:"));
  const wrong = outside.filter(([from, to]) => {
    const name = Object.keys(PACKAGES).find((p) => to === p || to.startsWith(`${p}/`));
    return !name || !PACKAGES[name]?.includes(roomOf(from));
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

Deno.test("only the runtime touches navigator.gpu, and no room reads the environment", async () => {
  const files = new Set(edges.flatMap(([from]) => from));
  for (const file of files) {
    const text = await Deno.readTextFile(new URL(file, root));
    assertEquals(/navigator\.gpu/.test(text) && !file.startsWith("lib/runtime/"), false, file);
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
