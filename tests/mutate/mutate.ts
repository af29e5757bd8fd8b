/**
 * Plants faults in a copy of the module, one at a time, and asks whether the tests notice.
 *
 *     deno task mutate                  all faults
 *     deno task mutate --sample 10      ten of them: other ones after every commit
 *     deno task mutate --only arith     those in files whose path holds "arith"
 *
 * A fault is caught if the tests that it names pass without it and fail with it. The status is 1 if more than one
 * fault in twenty survives.
 */
import { parseArgs } from "node:util";
import { join } from "node:path";
import { Rng } from "../../lib/base/random.ts";
import { type Mutation, MUTATIONS } from "./mutations.ts";

/** What a test run must not take longer than, milliseconds: a fault may make a loop endless. */
const LIMIT_MS = 300_000;
/** How many of the faults must be caught: 57 of 60. */
const CAUGHT = 57 / 60;

const COPIED = [
  "lib",
  "tests",
  "notebooks",
  "docs",
  "mod.ts",
  "deno.json",
  "deno.lock",
  "README.md",
  "CHANGELOG.md",
];

/** Copies the module's files to a new folder. */
async function copied(): Promise<string> {
  const to = await Deno.makeTempDir({ prefix: "mutate-" });
  const { success } = await new Deno.Command("cp", { args: ["-r", ...COPIED, to] }).output();
  if (!success) throw new Error("cannot copy the module");
  return to;
}

async function passes(root: string, tests: readonly string[]): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--allow-all",
      "--quiet",
      "--no-check",
      "--fail-fast",
      ...tests.map((t) => join("tests", t)),
    ],
    cwd: root,
    signal: AbortSignal.timeout(LIMIT_MS),
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

/** Says what became of a fault: `caught`, `survived`, or why it could not be tried. */
async function fate(root: string, { file, from, to, tests }: Mutation): Promise<string> {
  const path = join(root, "lib", file);
  const text = await Deno.readTextFile(path);
  if (text.split(from).length !== 2) return "not planted: its text is not there once";
  if (!await passes(root, tests)) return "not tried: its tests fail without it";
  await Deno.writeTextFile(path, text.replace(from, () => to));
  try {
    return await passes(root, tests) ? "survived" : "caught";
  } finally {
    await Deno.writeTextFile(path, text);
  }
}

async function lastCommit(): Promise<number> {
  const { stdout } = await new Deno.Command("git", { args: ["rev-parse", "--short=8", "HEAD"] }).output();
  return parseInt(new TextDecoder().decode(stdout), 16) || 1;
}

const { values } = parseArgs({
  args: Deno.args.filter((a) => a !== "--"),
  options: { sample: { type: "string" }, only: { type: "string", default: "" } },
});
const asked = MUTATIONS.filter((m) => m.file.includes(values.only));
const chosen = values.sample === undefined
  ? asked
  : Rng.of(await lastCommit()).shuffle(asked).slice(0, Number(values.sample));

const root = await copied();
let caught = 0;
for (const m of chosen) {
  const said = await fate(root, m);
  if (said === "caught") caught++;
  console.log(`${said}: lib/${m.file}: ${m.from} → ${m.to}`);
}
await Deno.remove(root, { recursive: true });
console.log(`${caught} of ${chosen.length} faults caught`);
Deno.exit(caught >= Math.floor(CAUGHT * chosen.length) ? 0 : 1);
