/** A renamed rule, knob or step is read under its old name by every reader, through one table. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { manifestFrom } from "../../lib/records/manifest.ts";
import type { TrialRecord } from "../../lib/records/record.ts";
import { RecordReader } from "../../lib/records/record_reader.ts";
import { spaceToTable, tableToSpace } from "../../lib/records/recorded_space.ts";
import { recordsToTable, tableToRecords } from "../../lib/records/table.ts";
import { OLD_NAMES, type OldNames, presentName } from "../../lib/schedule/old_names.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { stepFromJson } from "../../lib/schedule/step_json.ts";
import { Trace } from "../../lib/schedule/trace.ts";
import { spaceOf } from "../../lib/space/template.ts";
import { match } from "../../lib/dlight/schedule.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { funcToJson } from "../../lib/ir/func_json.ts";
import * as te from "../../lib/face/te.ts";
import { recordsOf } from "./records_of.ts";

/** As if an earlier version had called the step `split` "tile", the rule `Matmul` "GEMM" and a knob `stride`. */
const names: OldNames = {
  steps: { tile: "split" },
  rules: { GEMM: "Matmul" },
  knobs: { Matmul: { stride: "pad" } },
};
const target = targetOf("generic-webgpu");
const func = te.matmul({ m: 16, n: 16, k: 16 });
const [present] = recordsOf(func, target, [100]) as readonly [TrialRecord];
const older = (text: string) =>
  text.replaceAll('"op":"split"', '"op":"tile"').replaceAll('"pad":', '"stride":');
const old = { ...present, rule: "GEMM", config: older(present.config), trace: older(present.trace) };

Deno.test("the old record differs from the present one in its rule, a knob and its steps", () => {
  assertEquals([present.rule, present.config === old.config, present.trace === old.trace], [
    "Matmul",
    false,
    false,
  ]);
});

Deno.test("steps and traces are read under old names", () => {
  const step = { op: "tile", loop: "i", factors: [null, 4] };
  assertEquals(stepFromJson(step, "a step", names), { op: "split", loop: "i", factors: [null, 4] });
  assertThrows(() => stepFromJson(step, "a step"), ScheduleError, "unknown step");
  assertEquals(JSON.stringify(Trace.fromJSON(old.trace, names)), present.trace);
  assertThrows(() => Trace.fromJSON(old.trace), ScheduleError, "unknown step");
});

Deno.test("records are read under old names, from tables and one by one", () => {
  assertEquals(tableToRecords(recordsToTable([old]), names), [present]);
  assertEquals(tableToRecords(recordsToTable([old])), [old]);
  const read = new RecordReader(names).read(old);
  assertEquals(read.record, present);
  assertEquals(JSON.stringify(read.trace), present.trace);
  assertEquals(JSON.stringify(read.config), present.config);
});

Deno.test("what can't be renamed is left for the reader to refuse", () => {
  for (const text of ["", "{", "[]", "7", '{"steps":7}', '{"steps":[7]}']) {
    const [read] = tableToRecords(recordsToTable([{ ...old, config: text, trace: text }]), names);
    assertEquals([read?.config, read?.trace], [text, text]);
  }
});

Deno.test("manifests are read under old names", () => {
  const manifestOf = ({ rule, config, trace }: TrialRecord) => ({
    shared: 1,
    title: "a title",
    time: "2026-01-01T00:00:00.000Z",
    versions: {},
    device: target,
    tasks: [{
      task: present.task,
      fingerprint: present.fingerprint,
      program: funcToJson(func),
      seed: 0,
      budget: {},
      results: [{
        contestant: "dlight",
        rule,
        tuner: "none",
        start: "preset",
        trials: 1,
        failed: 0,
        seconds: 1,
        won: {
          trial: 0,
          config: JSON.parse(config),
          trace: JSON.parse(trace),
          clock: "timestamp",
          confirmed: false,
          ms: 100,
          samples: [100],
          maxError: 0,
        },
      }],
    }],
  });
  const [from, to] = [old, present].map((r) => JSON.stringify(manifestOf(r))) as [string, string];
  assertEquals(JSON.stringify(manifestFrom("it", from, names)), JSON.stringify(manifestFrom("it", to)));
  assert(JSON.stringify(manifestFrom("it", from)) !== JSON.stringify(manifestFrom("it", to)));
});

Deno.test("recorded spaces are read under old names", () => {
  const { template } = match(func, target);
  const { knobs } = spaceOf(func, template);
  const table = spaceToTable({
    func,
    target,
    rule: "GEMM",
    narrowing: { stride: [0] },
    knobs: knobs.map((k) => k.name === "pad" ? { ...k, name: "stride" } : k),
  }, []);
  const { rule, narrowing, space } = tableToSpace(table, names);
  assertEquals([rule, narrowing, space.knobs], ["Matmul", { pad: [0] }, knobs]);
});

Deno.test("a name that every object has is no old name, and the present names are not old ones", () => {
  assertEquals(presentName("toString", {}), "toString");
  for (const renamed of [OLD_NAMES.steps, OLD_NAMES.rules, ...Object.values(OLD_NAMES.knobs)]) {
    for (const now of Object.values(renamed)) assert(!Object.hasOwn(renamed, now));
  }
});
