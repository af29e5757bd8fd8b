/** A space that was measured whole: what came of each of its points, so that it can stand for the device. */
import { type Table, tableFromIPC, tableToIPC } from "npm:apache-arrow@21.2.0";
import type { PrimFunc } from "../ir/func.ts";
import { funcFromJson, type FuncJson, funcToJson } from "../ir/func_json.ts";
import type { Failure } from "../measure/measurement.ts";
import { knobsOf, OLD_NAMES, type OldNames, presentKnobs, presentName } from "../schedule/old_names.ts";
import { ConfigSpace } from "../space/config_space.ts";
import { answerOf, type Knob } from "../space/knob.ts";
import type { Answer } from "../space/knobs.ts";
import { knobsFromJson } from "../space/knob_json.ts";
import type { Narrowing } from "../space/narrow.ts";
import { targetFromJson } from "../target/target_json.ts";
import type { Target } from "../target/target.ts";
import { RecordError } from "./error.ts";
import { readFile } from "./read_file.ts";
import type { Column } from "./schema.ts";
import { rowsOf, tableOf } from "./table.ts";

/** What came of one configuration. */
export interface SpacePoint {
  /** In the recorded space. */
  readonly index: number;
  readonly status: "ok" | Failure;
  /** Median milliseconds of a run; NaN where it failed. */
  readonly ms: number;
  readonly samples: readonly number[];
  /** What the trial took, compiling included. */
  readonly seconds: number;
}

const COLUMNS = {
  index: "int",
  status: "status",
  ms: "float",
  samples: "floats",
  seconds: "float",
} as const satisfies Readonly<Record<keyof SpacePoint, Column>>;

export interface RecordedSpace {
  readonly func: PrimFunc;
  readonly target: Target;
  /** Whose space it is, and to which of its values it was narrowed. */
  readonly rule: string;
  readonly narrowing: Narrowing;
  /** Its constraint refuses what was not recorded. */
  readonly space: ConfigSpace;
  readonly points: ReadonlyMap<number, SpacePoint>;
}

/** What a recording is of. */
export type SpaceIdentity = Pick<RecordedSpace, "func" | "target" | "rule" | "narrowing"> & {
  readonly knobs: readonly Knob[];
};

export function spaceToTable(of: SpaceIdentity, points: Iterable<SpacePoint>): Table {
  return tableOf([...points], COLUMNS, {
    "tunebook.space": JSON.stringify({
      program: funcToJson(of.func),
      target: of.target,
      rule: of.rule,
      narrowing: of.narrowing,
      knobs: of.knobs,
    }),
  });
}

/**
 * The space that a table records.
 *
 * @param names as earlier versions wrote them; the space has the present ones
 * @throws {RecordError} where the table is no recorded space
 */
export function tableToSpace(table: Table, names: OldNames = OLD_NAMES): RecordedSpace {
  const text = table.schema.metadata.get("tunebook.space");
  if (text === undefined) {
    throw new RecordError("cannot read a recorded space: the table says not of what it is");
  }
  const { program, target, rule: written, narrowing, knobs: known } = JSON.parse(text) as {
    readonly program: FuncJson;
    readonly target: unknown;
    readonly rule: string;
    readonly narrowing: Narrowing;
    readonly knobs: unknown;
  };
  const rule = presentName(written, names.rules);
  const knobs = knobsFromJson(known).map((k) => ({ ...k, name: presentName(k.name, knobsOf(rule, names)) }));
  const rows = rowsOf(table, COLUMNS);
  const bare = new ConfigSpace(knobs);
  const keyOf = (answers: readonly Answer[]) => answers.join("|");
  const recorded = new Set(
    rows.map((p) => keyOf(bare.digits(p.index).map((digit, i) => answerOf(knobs[i] as Knob, digit)))),
  );
  const space = new ConfigSpace(knobs, [{
    knobs: knobs.map((k) => k.name),
    refuse: (...answers) => recorded.has(keyOf(answers)) ? undefined : "it was not recorded",
  }]);
  return {
    func: funcFromJson(program),
    target: targetFromJson(target),
    rule,
    narrowing: presentKnobs(rule, narrowing, names),
    space,
    points: new Map(rows.map((p) => [p.index, p])),
  };
}

/** @throws {RecordError} where the file can't be read, or is no recorded space */
export async function readSpace(path: string): Promise<RecordedSpace> {
  try {
    return tableToSpace(tableFromIPC(await readFile("read", path)));
  } catch (e) {
    throw new RecordError(`cannot read a recorded space from ${path}: ${e instanceof Error ? e.message : e}`);
  }
}

/** Writes a recorded space, or as much of it as is known, in place of what the file held. */
export async function writeSpace(
  path: string,
  of: SpaceIdentity,
  points: Iterable<SpacePoint>,
): Promise<void> {
  await Deno.writeFile(`${path}.part`, tableToIPC(spaceToTable(of, points), "stream"));
  await Deno.rename(`${path}.part`, path);
}
