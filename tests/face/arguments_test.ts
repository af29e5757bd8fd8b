/**
 * Every public function, constructor and method refuses wrong arguments with a `TunebookError` that says what it expected
 * and what it got. A new function is found without a row here; one of several arguments needs a row.
 */
import { assert, assertEquals } from "@std/assert";
import { TunebookError } from "../../lib/base/error.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { shownValue } from "../../lib/base/shown_value.ts";
import * as tunebook from "../../mod.ts";
import { type Door, doorsOf, methodsOf } from "./doors.ts";
import { func, INSTANCES, RIGHT } from "./right_arguments.ts";

/** Values of every kind; where one is right, the call is made. */
const WRONG: readonly unknown[] = [
  undefined,
  null,
  1,
  "nvidia",
  {},
  [],
  [1],
  [null],
  [{}],
  func,
  [func],
  Promise.resolve(1),
  () => 1,
];

/** Constructors that TypeScript keeps private, and those of results, which take their parts. */
const PRIVATE = [
  "new Device",
  "new Fleet",
  "new Shared",
  "new TuningDatabase",
  "new records.TuningDatabase",
  "new records.RecordLog",
  "new autotvm.Measurer",
  "new tir.Trace",
  "new dlight.Explanation",
  "new te.Tensor",
  "new PrimFunc",
];

const doors: readonly Door[] = [
  ...doorsOf("", tunebook),
  ...Object.entries(INSTANCES).flatMap(([name, make]) => methodsOf(name, make)),
].filter((d) => !PRIVATE.includes(d.name));

/**
 * Messages that don't say what was expected, and why: the arguments are of their kinds, and what they don't fit is the
 * program or the space.
 */
const OWN_WORDS: readonly (readonly [door: RegExp, message: RegExp])[] = [
  [/^schedule\./, /^(?:no (?:block|loop|buffer) |cannot )/],
  [/^(?:compile|lower)$/, /^cannot make a kernel of/],
  [/^instantiate$/, /^a template must declare the same knobs/],
];

const folder = await Deno.makeTempDir(), home = Deno.cwd();
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** Milliseconds in which every call answers. */
const DEADLINE = 60_000;

/** Calls a door and disposes of what it makes. Gives what it throws; undefined if it accepts the arguments. */
async function thrownBy(door: Door, args: readonly unknown[]): Promise<unknown> {
  const { log } = console;
  console.log = () => {};
  Deno.chdir(folder);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`expected an answer within ${DEADLINE} ms, got none`)),
      DEADLINE,
    );
  });
  try {
    const made = await Promise.race([Promise.resolve(door.call(args)), late]);
    if (typeof made === "object" && made !== null && Symbol.dispose in made) {
      (made as Disposable)[Symbol.dispose]();
    }
    return undefined;
  } catch (error) {
    return error;
  } finally {
    clearTimeout(timer);
    Deno.chdir(home);
    console.log = log;
  }
}

/** Says what is wrong with an error; undefined if it is typed, and says what was expected and what it got. */
function problemOf(door: Door, error: unknown): string | undefined {
  if (error === undefined) return undefined;
  if (!(error instanceof TunebookError)) return `${error}`;
  const says = /expected .*got /s.test(error.message) ||
    OWN_WORDS.some(([name, message]) => name.test(door.name) && message.test(error.message));
  return says ? undefined : `${error}`;
}

Deno.test("the face has many functions, constructors and methods", () => {
  const names = doors.map((d) => d.name);
  assert(names.length > 280, `${names.length}`);
  for (const name of ["build", "te.matmul", "tir.passes[0].run", "new Schedule", "database.add"]) {
    assert(names.includes(name), name);
  }
});

Deno.test("every row of the table is of a call that there is", () => {
  const names = new Set(doors.map((d) => d.name));
  assertEquals(Object.keys(RIGHT).filter((name) => !names.has(name)), []);
});

for (const door of doors) {
  const right = RIGHT[door.name] ?? [];
  Deno.test(`${door.name} refuses wrong arguments`, async () => {
    assert(door.required < 2 || right.length > 0, "expected its right arguments in the table of this test");
    if (right.length > 0) {
      const error = await thrownBy(door, right);
      // A step that this program can't take is right, too.
      assert(error === undefined || error instanceof ScheduleError, `its right arguments: ${error}`);
    }
    const wrong: string[] = [];
    for (let at = 0; at < Math.max(1, door.required, right.length); at++) {
      for (const value of WRONG) {
        const problem = problemOf(door, await thrownBy(door, right.toSpliced(at, 1, value)));
        if (problem !== undefined) wrong.push(`${shownValue(value)} as argument ${at}: ${problem}`);
      }
    }
    assertEquals(wrong, []);
  });
}
