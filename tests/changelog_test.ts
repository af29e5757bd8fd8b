/** The changelog says where every name of version 0.1.0 is now. */
import { assertEquals } from "@std/assert";
import * as face from "../mod.ts";
import config from "../deno.json" with { type: "json" };
import { VERSION } from "../lib/base/version.ts";

const ROOT = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));

/** What `mod.ts` of version 0.1.0 exported: functions, classes and namespaces. */
const VALUES = `
autotvm bestOverSeeds bestSoFar build buildDispatch Chart ChartError compare compile CompileError
ConfigSpace confirmed contestsCompared createReporter Device DeviceLostError diff Dispatch display dlight
drain expr geometricMean instantiate interpret InterruptedError kernelTable LaunchLimitError LimitError
lower LowerError Measurer median narrow NoDeviceError overview pageOf parallelCoordinates pareto passes
predictions predictionTable Prepared PrimFunc printStmt Program readLog readSpace RecordError RecordLog
recordsToTable RejectedConfig replay Rerun roofline ruleTable RunError RuntimeError Schedule ScheduleError
share Shared sheet sourceOf spaceHeatmap spaceOf specialize standings steps targetOf te thereAndHere
timesPeer Trace TunebookError tunersCompared TuningDatabase underRoofline verdicts wayTable whereTimeGoes
`.trim().split(/\s+/);

/** Its types. */
const TYPES = `
Added Annotation Bound Bucket Buckets BuildOptions Built BuiltProgram ChartOptions CompareOptions Comparison
Config Confirmed Contestant ContestRow DeviceOptions Diff DiffOptions DispatchOptions Executable Factors
Failure Found HeldBytes IndexMap Inputs KernelRow Knobs KnobValue Level Limits Manifest MeasuredKernel
Measurement Narrowing PageOptions ParallelOptions Place PredictionRow Profile Progress Readable
RecordedSpace Reporter RerunOptions RerunRow Roofline RuleRow Section Shapes Shareable SharedResult
SharedSchedule SharedTask ShareOptions Sheet Showable Source SourceOptions SpaceHeatmapOptions SpacePoint
Spec Speedup Spent Standing Step Steps SuiteLog SuiteMember SuiteRow SummaryRow Target Template TraceJson
TrialRecord TuneLog TuneOptions TunerRow TuneSuiteOptions Verdict WayRow
`.trim().split(/\s+/);

/** The names that a module's text exports, as its users write them. */
function exportsOf(text: string): readonly string[] {
  return [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, inside = ""]) =>
    inside.split(",").map((part) => part.trim().replace(/^type /, "").split(" as ").at(-1) as string)
  ).filter((name) => name !== "");
}

/** The names that stand as code in a text. */
function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}

/** What a namespace of the face has, types too. */
async function membersOf(namespace: string): Promise<ReadonlySet<string>> {
  const values = Object.keys(Object(Reflect.get(face, namespace))),
    text = await read(`lib/face/${namespace}.ts`);
  // A part of a namespace may stand in a file of its own.
  const parts = [...text.matchAll(/^export \* from "\.\/(\w+\.ts)"/gm)].map(([, file]) =>
    read(`lib/face/${file}`)
  );
  return new Set([...values, ...[text, ...await Promise.all(parts)].flatMap(exportsOf)]);
}

const values = new Set(Object.keys(face));
const types = new Set([...exportsOf(await read("mod.ts")), ...exportsOf(await read("lib/face/types.ts"))]);
const [, section = ""] = (await read("CHANGELOG.md")).split(/^### Where names have gone$/m);
const [table = ""] = section.split(/^### /m);
/** The rows of the table: the old name, and what it says of it. */
const rows = table.split("\n").filter((line) => line.startsWith("| `")).map((line) => {
  const [, names = "", now = ""] = line.split("|");
  return { was: namesIn(names).join(), now };
});
const named = rows.map((r) => r.was);

Deno.test("every name of version 0.1.0 is still at the top, or the changelog says where it is", () => {
  assertEquals([VALUES.length, TYPES.length], [81, 81]);
  assertEquals(VALUES.filter((name) => values.has(name) === named.includes(name)), []);
  assertEquals(TYPES.filter((name) => types.has(name) === named.includes(name)), []);
  assertEquals(named.length, new Set(named).size, "each name stands once");
});

Deno.test("what the changelog says instead of a name is there", async () => {
  for (const { now } of rows) {
    for (const name of namesIn(now)) {
      const [first = "", member] = name.split(".");
      const has = member === undefined
        ? values.has(first) || types.has(first)
        : (await membersOf(first)).has(member);
      assertEquals(has, true, name);
    }
  }
});

Deno.test("the version is the one of deno.json, and the changelog begins with it", async () => {
  assertEquals(VERSION, config.version);
  assertEquals(/^## (.*)$/m.exec(await read("CHANGELOG.md"))?.[1], VERSION);
});
