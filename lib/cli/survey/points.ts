/** Points of spaces in a grid, for models of devices to be fitted to. */
import type { Table } from "npm:apache-arrow@21.2.0";
import * as dlight from "../../dlight/schedule.ts";
import { tableOf } from "../../records/table.ts";
import type { Target } from "../../target/target.ts";
import type { KnobValue } from "../../space/knobs.ts";
import type { Narrowing } from "../../space/narrow.ts";
import { recordSpace } from "../../tuning/record_space.ts";
import { SearchSpace } from "../../tuning/search_space.ts";
import type { StageContext } from "./stage.ts";
import { products, type Subject, vectors } from "./subjects.ts";

const COLUMNS = { program: "text", config: "text", status: "text", ms: "float" } as const;

/** Threads and results along rows, columns and the sum: 4 × 5 × 2 of a product, 5 × 8 of a matrix-vector product. */
const GRID: Narrowing = {
  tile_i: [[8, 4], [8, 8], [16, 4], [16, 8]],
  tile_j: [[8, 4], [8, 8], [16, 4], [16, 8], [32, 4]],
  tile_rows: [[4, 1], [4, 4], [16, 1], [16, 4], [64, 1]],
};
/** The steps of the sum: of products, then of matrix-vector products. */
const STEPS: readonly (readonly KnobValue[])[] = [
  [[8], [16]],
  [[1, 4], [1, 16], [4, 4], [8, 4], [8, 8], [16, 4], [32, 1], [32, 4]],
];

/** Records some forty points of each space. */
export async function points({ device, out, seconds, signal }: StageContext): Promise<Table> {
  const { target } = device;
  const [nn, nt] = products(target);
  const subjects = [nn, nt, ...vectors(target)].filter((s) => s !== undefined);
  const rows = [];
  for (const subject of subjects) {
    const { name, func } = subject;
    const { space, points } = await recordSpace(func, device, {
      path: `${out}/space_${name.toLowerCase().replaceAll(" ", "_")}.arrows`,
      narrowing: gridOf(subject, target),
      deadlineMs: 4000,
      signal: AbortSignal.any([signal, AbortSignal.timeout(1000 * seconds / subjects.length)]),
    });
    for (const { index, status, ms } of points.values()) {
      rows.push({ program: name, config: space.show(space.at(index)), status, ms });
    }
  }
  return tableOf(rows, COLUMNS);
}

/** The grid's values of the knobs that it names, and the rule's own value of all others. */
export function gridOf({ func }: Subject, target: Target): Narrowing {
  const { space } = new SearchSpace(func, dlight.match(func, target).template);
  const preset = space.at(space.preset);
  return Object.fromEntries(space.knobs.map(({ name, candidates }) => {
    const own = preset[name] as KnobValue;
    const all = name === "tile_k" ? STEPS.flat() : GRID[name] ?? [];
    const known = all.filter((v) => candidates.some((c) => `${c}` === `${v}`));
    return [name, known.length === 0 ? [own] : known];
  }));
}
