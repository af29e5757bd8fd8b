/**
 * Plants faults in a copy of the module, one at a time, and asks whether the tests notice.
 *
 *     deno task mutate                  all faults
 *     deno task mutate --sample 10      ten of them: other ones after every commit
 *     deno task mutate --only arith     those in files whose path holds "arith"
 *     deno task mutate --jobs 1         one at a time, not two in two copies
 *     deno task mutate --types          asks only whether files with the faults still pass the type check
 *
 * A fault is caught if the tests that it names pass without it and fail with it. The status is 1 if more than one
 * fault in twenty is not caught.
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { flag, positive } from "../../lib/base/option_kinds.ts";
import { numberOf, ONLY } from "../bench/options.ts";
import { join } from "node:path";
import { Rng } from "../../lib/base/random.ts";
import { lastCommit } from "../last_commit.ts";
import { FAULTS, roomOf } from "./faults.ts";
import type { Fault } from "./faults/fault.ts";

/** What a test run must not take longer than, milliseconds: a fault may make a loop endless. */
const LIMIT_MS = 120_000;
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
      ...["test", "--allow-all", "--quiet", "--no-check", "--fail-fast"],
      "--preload=tests/mutate/first_failure.ts",
      ...tests.map((t) => join("tests", t)),
    ],
    cwd: root,
    signal: AbortSignal.timeout(LIMIT_MS),
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

/** Whether tests pass without a fault, by their paths: faults of one room share tests. */
const passedBefore = new Map<string, Promise<boolean>>();

function passWithoutFault(root: string, tests: readonly string[]): Promise<boolean> {
  const key = tests.join(" ");
  const known = passedBefore.get(key) ?? passes(root, tests);
  passedBefore.set(key, known);
  return known;
}

/** Says what became of a fault: `caught`, `survived`, or why it could not be tried. */
async function fate(root: string, { file, from, to, tests }: Fault): Promise<string> {
  const path = join(root, "lib", file);
  const text = await Deno.readTextFile(path);
  if (text.split(from).length !== 2) return "not planted: its text is not there once";
  if (!await passWithoutFault(root, tests)) return "not tried: its tests fail without it";
  await Deno.writeTextFile(path, text.replace(from, () => to));
  try {
    return await passes(root, tests) ? "survived" : "caught";
  } finally {
    await Deno.writeTextFile(path, text);
  }
}

/** Plants all faults at once, where they don't overlap, and checks the types; the status of the check. */
async function checkTypes(faults: readonly Fault[]): Promise<number> {
  const root = await copied();
  let planted = 0;
  for (const { file, from, to } of faults) {
    const path = join(root, "lib", file), text = await Deno.readTextFile(path);
    if (text.split(from).length !== 2) continue;
    await Deno.writeTextFile(path, text.replace(from, () => to));
    planted++;
  }
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "mod.ts", "lib"],
    cwd: root,
  }).spawn().status;
  await Deno.remove(root, { recursive: true });
  console.log(`${planted} of ${faults.length} faults planted at once: ${code === 0 ? "well" : "ill"} typed`);
  return code;
}

const COMMAND = {
  name: "deno task mutate",
  summary: "Plants faults in a copy of the module, and asks whether the tests notice.",
  options: {
    sample: {
      as: "number",
      kind: positive,
      value: "10",
      help: "How many, drawn by the last commit. Default: all.",
    },
    only: ONLY,
    jobs: numberOf("Copies that are tried at a time", 2),
    types: { as: "flag", kind: flag, help: "Only checks that all faults are well typed." },
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function mutate(args: readonly string[]): Promise<number | void> {
  const { sample, only = "", jobs = 2, types } = argumentsOf(COMMAND, args).values;
  const asked = FAULTS.filter((m) => m.file.includes(only));
  const chosen = sample === undefined ? asked : Rng.of(await lastCommit()).shuffle(asked).slice(0, sample);

  if (types) return await checkTypes(chosen);

  const left = chosen.values();
  /** Faults that were caught, and all, by room. */
  const rooms = new Map<string, { caught: number; all: number }>();

  /** Tries the faults that are left, one after the other, in a copy of its own. */
  async function tryFaults(): Promise<void> {
    const root = await copied();
    for (const m of left) {
      const start = performance.now();
      const said = await fate(root, m);
      const room = rooms.get(roomOf(m)) ?? { caught: 0, all: 0 };
      rooms.set(roomOf(m), room);
      room.all++;
      if (said === "caught") room.caught++;
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      console.log(`${said} (${seconds} s): lib/${m.file}: ${m.from} → ${m.to}`);
    }
    await Deno.remove(root, { recursive: true });
  }

  await Promise.all(Array.from({ length: jobs }, tryFaults));
  for (const [room, { caught, all }] of [...rooms].toSorted()) console.log(`${room}: ${caught} of ${all}`);
  const caught = rooms.values().reduce((n, r) => n + r.caught, 0);
  console.log(`${caught} of ${chosen.length} faults caught`);
  return caught >= Math.floor(CAUGHT * chosen.length) ? 0 : 1;
}

await runCommand(COMMAND, mutate);
