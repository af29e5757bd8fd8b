/** Where the time of a model goes. */
import type { Table } from "apache-arrow";
import { type KernelRow, kernelRows } from "../records/kernels.ts";
import { colorScale, labelOf, shownName } from "./contestants.ts";
import { captioned, type ChartOptions, digits, emptyChart, frame, type Spec } from "./spec.ts";

const TITLE = "Where the time goes";
/** Kernels that take less than this share of everybody's time stand together in their kind. */
const LEAST = 0.01;
/** Pixels of a bar. */
const BAR = 15;

/** One bar. */
interface Bar {
  readonly kind: string;
  readonly kernel: string;
  readonly contestant: string;
  /** In one pass of the whole. */
  readonly ms: number;
  readonly text: string;
}

/**
 * The time of each kernel in one pass of a model, its count times what it takes: a bar a contestant, so that a rule's
 * and a search's stand side by side, with its share of that contestant's time. Kernels stand by kind, what takes most
 * time on top; those under a percent of everybody's time stand together.
 *
 * `table` has the columns of `kernelTable`.
 *
 * @throws {RecordError} for another table, or one that has a kernel of a contestant twice
 */
export function whereTimeGoes(table: Table, options: ChartOptions = {}): Spec {
  const rows = kernelRows(table);
  const timeOf = (r: KernelRow) => Number.isFinite(r.ms) && r.ms > 0 ? r.ms * r.count : 0;
  const sum = (own: readonly KernelRow[]) => own.reduce((ms, r) => ms + timeOf(r), 0);
  const contestants = [...Map.groupBy(rows, (r) => r.contestant)]
    .map(([name, own]) => ({ name, total: sum(own) }));
  if (!contestants.some((c) => c.total > 0)) return emptyChart(options, TITLE, "no kernel was measured");
  const totals = new Map(contestants.map((c) => [c.name, c.total]));
  const share = (ms: number, contestant: string) => ms / (totals.get(contestant) || Infinity);
  const isSmall = (own: readonly KernelRow[]) =>
    own.every((r) => timeOf(r) > 0 && share(timeOf(r), r.contestant) < LEAST);
  const most = (own: readonly KernelRow[]) =>
    Math.max(...[...Map.groupBy(own, (r) => r.contestant).values()].map(sum));
  const groups = [...Map.groupBy(rows, (r) => r.kind).values()].sort((a, b) => most(b) - most(a)).map(
    (ofKind) => {
      const kernels = [...Map.groupBy(ofKind, (r) => r.kernel).values()].sort((a, b) => most(b) - most(a));
      const small = kernels.filter(isSmall);
      // One alone needs no other name.
      const merged = small.length > 1 ? small : [];
      const shown = kernels.filter((own) => !merged.includes(own)).map((own) =>
        own.map((r) => barOf([r], r.kernel))
      );
      const rest = [...Map.groupBy(merged.flat(), (r) => r.contestant).values()]
        .map((own) => barOf(own, `${own.length} others`));
      return [...shown.flat(), ...rest];
    },
  );
  const bars = groups.flat();
  const shortest = contestants.length > 1;
  const domain = contestants.map((c) => c.name);
  const colors = colorScale(domain);
  const y = {
    field: "kernel",
    type: "nominal",
    title: null,
    sort: null,
    scale: { paddingInner: 0.25, paddingOuter: 0.15 },
    axis: { labelLimit: 200, labelFontSize: 12, domain: false, ticks: false, labelPadding: 8 },
  };
  const yOffset = { field: "who", type: "nominal", sort: colors.domain, scale: { domain: colors.domain } };
  const x = {
    field: "ms",
    type: "quantitative",
    title: "milliseconds of one pass",
    scale: { domain: [0, Math.max(...bars.map((b) => b.ms))], nice: false },
    axis: { tickCount: 6, grid: true },
  };
  const legend = shortest ? { symbolType: "square", symbolSize: 110 } : null;
  const inLegend = { field: "who", type: "nominal", title: null, legend };
  const said = contestants.map((c) =>
    `${labelOf(c.name)} ${c.total > 0 ? `${digits(c.total)} ms` : "no result"}`
  );
  return {
    ...frame(captioned(options, TITLE, [`one pass: ${said.join(", ")}`])),
    data: { values: bars.map((b) => ({ ...b, who: labelOf(b.contestant) })) },
    facet: {
      row: {
        field: "kind",
        type: "nominal",
        title: null,
        sort: [...new Set(bars.map((b) => b.kind))],
        header: {
          labelAngle: 0,
          labelAlign: "left",
          labelFontSize: 12,
          labelFontWeight: "bold",
          labelOrient: "left",
          labelLimit: 200,
        },
      },
    },
    spacing: 14,
    resolve: { scale: { y: "independent" } },
    spec: {
      width: 380,
      height: { step: BAR, for: "offset" },
      layer: [
        {
          mark: { type: "bar", strokeWidth: 1.2 },
          encoding: {
            x,
            y,
            yOffset,
            color: { ...inLegend, scale: colors },
            stroke: { ...inLegend, scale: colors },
            // The first is paler, so that print without colours tells them apart, too.
            fillOpacity: {
              ...inLegend,
              scale: {
                domain: colors.domain,
                range: colors.domain.map((_, k) => k === 0 && shortest ? 0.25 : 1),
              },
            },
          },
        },
        {
          mark: { type: "text", align: "left", dx: 5, fontSize: 11, color: "#222222" },
          encoding: { x, y, yOffset, text: { field: "text" } },
        },
      ],
    },
  };

  function barOf(own: readonly KernelRow[], kernel: string): Bar {
    const [first] = own as readonly [KernelRow, ...KernelRow[]];
    const ms = sum(own);
    const each = own.length === 1 && first.count !== 1
      ? `, ${digits(first.count)} × ${digits(first.ms)} ms`
      : "";
    return {
      kind: shownName(first.kind, 28),
      kernel: shownName(kernel, 28),
      contestant: first.contestant,
      ms,
      text: ms > 0 ? `${percent(share(ms, first.contestant))}${each}` : "no result",
    };
  }
}

function percent(share: number): string {
  return share < 0.01 ? "<1%" : `${(100 * share).toFixed(0)}%`;
}
