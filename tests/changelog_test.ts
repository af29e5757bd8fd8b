/** The changelog says where every name of version 0.1.0 is now. */
import { assert, assertEquals } from "@std/assert";
import * as face from "../mod.ts";
import deno from "../deno.json" with { type: "json" };
import { VERSION } from "../lib/base/version.ts";

const ROOT = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));

/** What `mod.ts` of version 0.1.0 exported, types too. */
const EXPORTED = `
Added Annotation autotvm bestOverSeeds bestSoFar Bound Bucket Buckets build buildDispatch BuildOptions Built
BuiltProgram Chart ChartError ChartOptions compare CompareOptions Comparison compile CompileError Config
ConfigSpace Confirmed confirmed Contestant ContestRow contestsCompared createReporter Device DeviceLostError
DeviceOptions diff Diff DiffOptions Dispatch DispatchOptions display dlight drain Executable expr Factors
Failure Found geometricMean HeldBytes IndexMap Inputs instantiate interpret InterruptedError KernelRow
kernelTable Knobs KnobValue LaunchLimitError Level LimitError Limits lower LowerError Manifest
MeasuredKernel Measurement Measurer median narrow Narrowing NoDeviceError overview pageOf PageOptions
parallelCoordinates ParallelOptions pareto passes Place PredictionRow predictions predictionTable Prepared
PrimFunc printStmt Profile Program Progress Readable readLog readSpace RecordedSpace RecordError RecordLog
recordsToTable RejectedConfig replay Reporter Rerun RerunOptions RerunRow Roofline roofline RuleRow
ruleTable RunError RuntimeError Schedule ScheduleError Section Shapes share Shareable Shared SharedResult
SharedSchedule SharedTask ShareOptions sheet Sheet Showable Source sourceOf SourceOptions spaceHeatmap
SpaceHeatmapOptions spaceOf SpacePoint Spec specialize Speedup Spent Standing standings Step steps Steps
SuiteLog SuiteMember SuiteRow SummaryRow Target targetOf te Template thereAndHere timesPeer Trace TraceJson
TrialRecord TunebookError TuneLog TuneOptions TunerRow tunersCompared TuneSuiteOptions TuningDatabase
underRoofline Verdict verdicts WayRow wayTable whereTimeGoes
`.trim().split(/\s+/);

/** The names that a module's text exports, as its users write them. */
function exportsOf(text: string): readonly string[] {
  const clauses = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, inside = ""]) =>
    inside.split(",").map((part) => part.trim().replace(/^type /, "").split(" as ").at(-1) as string)
  );
  const namespaces = [...text.matchAll(/^export \* as (\w+)/gm)].map(([, name = ""]) => name);
  return [...clauses, ...namespaces].filter((name) => name !== "");
}

const top = new Set(exportsOf(await read("mod.ts")));
const [, section = ""] = (await read("CHANGELOG.md")).split(/^### Where names have gone$/m);
const [table = ""] = section.split(/^### /m);
/** The rows of both tables: the names in the first column, and the text of the second. */
const rows = table.split("\n").filter((line) => line.startsWith("| `")).map((line) => {
  const [, names = "", now = ""] = line.split("|");
  return { names: namesIn(names), now };
});

function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}

Deno.test("every name of version 0.1.0 is still at the top, or the changelog says where it is", () => {
  assertEquals(EXPORTED.length, 162);
  const named = new Set(rows.flatMap((r) => r.names));
  assertEquals(EXPORTED.filter((name) => !top.has(name) && !named.has(name)), []);
  assertEquals(EXPORTED.filter((name) => top.has(name) && named.has(name)), []);
});

Deno.test("a name that has moved into a namespace is there", async () => {
  const moved = rows.filter((r) => r.now.includes(": for example"));
  assertEquals(moved.length, 6);
  for (const { names, now } of moved) {
    const [namespace = ""] = namesIn(now);
    const there = new Set([
      ...Object.keys(Object(Reflect.get(face, namespace))),
      ...exportsOf(await read(`lib/face/${namespace}.ts`)),
    ]);
    assertEquals(names.filter((name) => !there.has(name)), [], namespace);
  }
});

Deno.test("a name that replaces another is there", async () => {
  const types = new Set(top);
  for (const file of ["te", "op", "charts", "autotvm"]) {
    for (const name of exportsOf(await read(`lib/face/${file}.ts`))) types.add(`${file}.${name}`);
  }
  const renamed = rows.filter((r) => !r.now.includes(": for example") && !r.now.includes("gone"));
  assert(renamed.length > 0);
  for (const { now } of renamed) assertEquals(namesIn(now).filter((name) => !types.has(name)), []);
});

Deno.test("the version is the one of deno.json, and the changelog begins with it", async () => {
  assertEquals(VERSION, deno.version);
  assertEquals(/^## (.*)$/m.exec(await read("CHANGELOG.md"))?.[1], VERSION);
});
