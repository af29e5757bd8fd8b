/** Draws what lies in a graph's storages while it runs. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { checkOptions } from "../base/check_options.ts";
import { type MemoryRow, memoryRows } from "../records/graph_memory.ts";
import { Chart } from "./chart.ts";
import { shownName } from "./methods.ts";
import {
  captioned,
  CHART_FIELDS,
  type ChartOptions,
  digits,
  emptyChart,
  frame,
  rangeOf,
  type Spec,
} from "./spec.ts";

const TITLE = "Memory over time";
const WIDTH = 340, HEIGHT = 220;
/** A name is drawn where its value is at least this large, pixels. */
const NAMED = { width: 60, height: 12 } as const;
/** Most values that are drawn one by one. */
const MOST = 2000;
const COLORS = { value: "#56B4E9", workspace: "#E69F00", copy: "#009E73" } as const;

/**
 * Draws the storages of a graph over its calls. Each storage is a lane as high as it is large; in it lie the values, workspaces
 * and copies that share it, from the first call that needs them to the last: one after the other, or by offsets in an arena.
 *
 * `table` is `memoryTable()` of a built graph.
 *
 * @throws {RecordError} if the table lacks a column, or a value is not of its column
 */
export function memoryOverTime(table: Table, options: ChartOptions = {}): Chart {
  checkOptions("charts.memoryOverTime", options, CHART_FIELDS);
  return new Chart(memoryOverTimeSpec(memoryRows(table), options));
}

/** Draws `memoryOverTime` of the rows of its table. */
export function memoryOverTimeSpec(rows: readonly MemoryRow[], options: ChartOptions = {}): Spec {
  const known = rows.filter((r) => r.bytes > 0 && r.storageBytes > 0 && r.to >= r.from && r.from >= 0);
  if (known.length === 0) return emptyChart(options, TITLE, "nothing lies between the calls");
  const sizes = new Map(known.map((r) => [r.storage, r.storageBytes]));
  const bottoms = new Map<number, number>();
  let all = 0;
  for (const storage of [...sizes.keys()].toSorted((a, b) => a - b)) {
    bottoms.set(storage, all);
    all += sizes.get(storage) ?? 0;
  }
  const [, lastCall] = rangeOf(known.map((r) => r.to));
  const unit = all >= 2 ** 20 ? { name: "MiB", of: 2 ** 20 } : { name: "KiB", of: 2 ** 10 };
  const largest = known.toSorted((a, b) => b.bytes - a.bytes).slice(0, MOST);
  const values = largest.map((r) => {
    const y = ((bottoms.get(r.storage) ?? 0) + r.offset) / unit.of, y2 = y + r.bytes / unit.of;
    const isNamed = (r.to - r.from + 1) / (lastCall + 1) * WIDTH >= NAMED.width &&
      r.bytes / all * HEIGHT >= NAMED.height;
    return { kind: r.kind, x: r.from, x2: r.to + 1, y, y2, name: isNamed ? shownName(r.name, 12) : "" };
  });
  const kinds = (Object.keys(COLORS) as (keyof typeof COLORS)[]).filter((k) =>
    known.some((r) => r.kind === k)
  );
  const x = {
    field: "x",
    type: "quantitative",
    title: "call",
    scale: { domain: [0, lastCall + 1], nice: false },
    axis: { tickCount: 8, tickMinStep: 1, grid: false },
  };
  const y = {
    field: "y",
    type: "quantitative",
    title: unit.name,
    scale: { domain: [0, all / unit.of], nice: false },
    axis: { tickCount: 6, grid: false },
  };
  const lanes = [...bottoms.values()].map((bottom) => ({ y: bottom / unit.of }));
  return {
    ...frame(captioned(options, TITLE, [wordsOf(known, sizes.size, all)])),
    width: WIDTH,
    height: HEIGHT,
    layer: [
      { data: { values: lanes }, mark: { type: "rule", color: "#bbbbbb" }, encoding: { y } },
      {
        data: { values },
        mark: { type: "rect", stroke: "white", strokeWidth: 0.7 },
        encoding: {
          ...{ x, x2: { field: "x2" }, y, y2: { field: "y2" } },
          fill: {
            field: "kind",
            type: "nominal",
            title: null,
            scale: { domain: kinds, range: kinds.map((k) => COLORS[k]) },
            legend: kinds.length > 1 ? { symbolType: "square" } : null,
          },
        },
      },
      {
        data: { values: values.filter((v) => v.name !== "").map((v) => ({ ...v, y: (v.y + v.y2) / 2 })) },
        mark: { type: "text", align: "left", dx: 3, fontSize: 10 },
        encoding: { x, y, text: { field: "name" } },
      },
    ],
  };
}

/** What is planned, what lives at one time, and what it would be without sharing. */
function wordsOf(rows: readonly MemoryRow[], storages: number, all: number): string {
  const changes = rows.flatMap((r) => [{ at: r.from, bytes: r.bytes }, { at: r.to + 1, bytes: -r.bytes }])
    .toSorted((a, b) => a.at - b.at || a.bytes - b.bytes);
  let now = 0, most = 0;
  for (const { bytes } of changes) most = Math.max(most, now += bytes);
  const apart = rows.reduce((n, r) => n + r.bytes, 0);
  return `${sizeOf(all)} in ${storages} storage${storages === 1 ? "" : "s"}; ${sizeOf(most)} live at most; ` +
    `${sizeOf(apart)} without sharing`;
}

function sizeOf(bytes: number): string {
  return bytes >= 2 ** 20 ? `${digits(bytes / 2 ** 20)} MiB` : `${digits(bytes / 2 ** 10)} KiB`;
}
