/** The spaces of Kernel Tuner's benchmark hub, as the folder of the data has them. */
import { gunzipSync } from "node:zlib";
import type { MeasuredSpace } from "../../lib/records/measured_space.ts";
import { type ParameterRow, spaceOfRows } from "../../lib/records/space_of_rows.ts";

/** Reads a table with a column a parameter; the last one has milliseconds, and is empty where the point failed. */
export function spaceOfCsv(csv: string): MeasuredSpace {
  const [head = "", ...lines] = csv.trim().split("\n");
  return spaceOfRows("a table", head.split(",").slice(0, -1), lines.map(rowOf));
}

function rowOf(line: string): ParameterRow {
  const cells = line.split(","), last = cells.at(-1) ?? "", ms = Number(last || NaN);
  return {
    values: cells.slice(0, -1).map(Number),
    result: last === ""
      ? { status: "run", ms: NaN, samples: [], seconds: 1 }
      : { status: "ok", ms, samples: [ms], seconds: 1 },
  };
}

/** Every space of `folder`/kernel_tuner by the name of its file, `gemm_rtx_3090`, in alphabetical order. */
export async function kernelTunerSpaces(folder: string): Promise<ReadonlyMap<string, MeasuredSpace>> {
  const found: [string, MeasuredSpace][] = [];
  for await (const { name } of Deno.readDir(`${folder}/kernel_tuner`)) {
    if (!name.endsWith(".csv.gz")) continue;
    const bytes = await Deno.readFile(`${folder}/kernel_tuner/${name}`);
    found.push([name.slice(0, -".csv.gz".length), spaceOfCsv(gunzipSync(bytes).toString())]);
  }
  return new Map(found.sort(([a], [b]) => a < b ? -1 : 1));
}
