/** A space with a measurement of each of its points, so that a search can run without the device. */
import { required, text, withFields } from "../base/option_kinds.ts";
import { programKind } from "../ir/kinds.ts";
import { targetKind } from "../target/kinds.ts";
import { checkArgument, type Kind } from "../base/check_options.ts";
import { pathKind } from "./kinds.ts";
import { messageOf } from "../base/error.ts";
import { type Table, tableFromIPC, tableToIPC } from "npm:apache-arrow@21.2.0";
import type { PrimFunc } from "../ir/func.ts";
import { funcFromJson, type FuncJson, funcToJson } from "../ir/func_json.ts";
import { knobsOf, OLD_NAMES, type OldNames, presentKnobs, presentName } from "../schedule/old_names.ts";
import type { Knob } from "../space/knob.ts";
import { knobsFromJson } from "../space/knob_json.ts";
import type { Narrowing } from "../space/narrow.ts";
import { targetFromJson } from "../target/target_json.ts";
import type { Target } from "../target/target.ts";
import { RecordError } from "./error.ts";
import { measuredFields, type MeasuredSpace, measuredSpace, type SpacePoint } from "./measured_space.ts";
import { readFile } from "./read_file.ts";
import type { Column } from "./schema.ts";
import { rowsOf, tableOf } from "./table.ts";

const COLUMNS = {
  index: "int",
  status: "status",
  ms: "float",
  samples: "floats",
  seconds: "float",
} as const satisfies Readonly<Record<keyof SpacePoint, Column>>;

/** A recorded space: its program, target and knobs, and the measured points. */
export interface RecordedSpace extends MeasuredSpace {
  /** The program. */
  readonly func: PrimFunc;
  /** The device that the points were measured on. */
  readonly target: Target;
  /** The rule that made the space. */
  readonly rule: string;
  /** The values that each narrowed knob was limited to, by the knob's name. */
  readonly narrowing: Narrowing;
}

/** The program, target and space that a recording belongs to. */
export type SpaceIdentity = Pick<RecordedSpace, "func" | "target" | "rule" | "narrowing"> & {
  /** The knobs of the space. */
  readonly knobs: readonly Knob[];
};

/** Makes a table of a recorded space, one row a point. The schema's metadata hold its program, target and knobs. */
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
 * Reads a recorded space from a table.
 *
 * @param names the old names of rules, knobs and steps; the space has the present ones
 * @throws {RecordError} if the table is not a recorded space
 */
export function tableToSpace(table: Table, names: OldNames = OLD_NAMES): RecordedSpace {
  const text = table.schema.metadata.get("tunebook.space");
  if (text === undefined) {
    throw new RecordError(
      "expected a table with the metadata tunebook.space, got none, reading a recorded space; " +
        "take a file of autotvm.recordSpace",
    );
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
  return {
    func: funcFromJson(program),
    target: targetFromJson(target),
    rule,
    narrowing: presentKnobs(rule, narrowing, names),
    ...measuredSpace(knobs, rows),
  };
}

/** The kind of an argument that is a recorded space. */
export const recordedKind: Kind<RecordedSpace> = withFields(
  "a recorded space, as await records.readSpace(path) gives",
  {
    func: required(programKind),
    target: required(targetKind),
    rule: required(text),
    ...measuredFields,
  },
);

/**
 * Reads a recorded space from a file, as `autotvm.recordSpace` writes it.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {RecordError} if the file can't be read, or is not a recorded space
 */
export async function readSpace(path: string): Promise<RecordedSpace> {
  checkArgument("records.readSpace", "path", path, pathKind);
  try {
    return tableToSpace(tableFromIPC(await readFile("reading", path)));
  } catch (e) {
    const why = messageOf(e);
    throw new RecordError(`expected a recorded space, got an error (${why}), reading ${path}`);
  }
}

/** Writes a recorded space to a file, replacing it. The space may be incomplete. */
export async function writeSpace(
  path: string,
  of: SpaceIdentity,
  points: Iterable<SpacePoint>,
): Promise<void> {
  await Deno.writeFile(`${path}.part`, tableToIPC(spaceToTable(of, points), "stream"));
  await Deno.rename(`${path}.part`, path);
}
