/** Draws a graph before and after fusion. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { checkOptions, type Fields } from "../base/check_options.ts";
import { count, flag, integer } from "../base/option_kinds.ts";
import { type GraphNode, graphNodes } from "../records/graph_nodes.ts";
import { Chart } from "./chart.ts";
import { type LaidBox, layered, type Place } from "./layered.ts";
import { shownName } from "./methods.ts";
import { captioned, CHART_FIELDS, type ChartOptions, emptyChart, frame, type Spec } from "./spec.ts";

/** The options of {@linkcode fusedGraph}. */
export interface FusedGraphOptions extends ChartOptions {
  /** The first function to draw, from 0. Default: 0. */
  readonly from?: number;
  /** Functions, or operators with `before`, that are drawn one by one. Default: 10. */
  readonly most?: number;
  /** Draws the operators as they were before fusion, without functions. Default: false. */
  readonly before?: boolean;
}

const FIELDS = {
  ...CHART_FIELDS,
  from: count,
  most: integer({ min: 3, max: 200 }),
  before: flag,
} satisfies Fields<FusedGraphOptions>;

const TITLE = "The graph after fusion", BEFORE = "The graph before fusion";
const MOST = 10;
/** Those that are drawn of the end of a graph where its middle is left out. */
const LAST = 3;
/** Sizes, pixels. */
const WIDTH = 164, HEAD = 31, CHIP = 17, PAD = 6, PLAIN = 22, BETWEEN = 16;
/** Operators of one function that are drawn one by one. */
const CHIPS = 6;
/** Characters that fit in a box, and in a chip. */
const FITS = 27, FITS_SHAPE = 31;
/** The colours of rules in their order: Okabe and Ito's, so light that black text is readable on them. */
const TINTS = [
  "#cfe3f3",
  "#fde3c0",
  "#cdeee3",
  "#f3d9e8",
  "#fbf4b8",
  "#dfeefb",
  "#f7d5c4",
  "#e2e2e2",
] as const;
const GREY = "#eeeeee";

/** A box, with what is written in it. */
interface Box extends LaidBox {
  readonly title: string;
  readonly under: string;
  readonly rule: string;
  readonly chips: readonly string[];
}

/**
 * Draws a graph from the top down. Each box is a function, as it is after the passes; in it are the operators that were fused
 * to it, and its rule as its colour. Inputs are plain. A large graph has its middle left out, with the number of functions of
 * each name there: `from` begins elsewhere. With `before`, the operators are drawn alone.
 *
 * `table` is `nodeTable()` of a built graph.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {RecordError} if the table lacks a column, or a value is not of its column
 */
export function fusedGraph(table: Table, options: FusedGraphOptions = {}): Chart {
  checkOptions("charts.fusedGraph", options, FIELDS);
  return new Chart(fusedGraphSpec(graphNodes(table), options));
}

/** Draws `fusedGraph` of the nodes of its table. */
export function fusedGraphSpec(nodes: readonly GraphNode[], options: FusedGraphOptions = {}): Spec {
  const { from = 0, most = MOST, before = false, ...said } = options;
  const kind = before ? "operator" : "function", title = before ? BEFORE : TITLE;
  const own = nodes.filter((n) => n.kind === kind);
  if (own.length === 0) return emptyChart(said, title, `the graph has no ${kind}s`);
  const chips = Map.groupBy(nodes.filter((n) => n.kind === "operator" && n.group !== ""), (n) => n.group);
  const boxes = partOf(own, Math.min(from, own.length - 1), most).map((p): Box =>
    "name" in p ? boxOf(p, before ? [] : chips.get(p.name) ?? []) : p.box
  );
  const read = new Set(boxes.flatMap((b) => b.inputs));
  const inputs = nodes.filter((n) => n.kind === "input" && read.has(n.name)).map((n) =>
    plainBox(n.name, n.shape)
  );
  const all = [...inputs, ...boxes, ...outputsOf(own, boxes)];
  const rules = [...new Set(own.map((n) => n.rule).filter((r) => r !== ""))];
  return {
    ...frame(captioned(said, title, notesOf(nodes, own.length, before))),
    ...drawn(all, rules.map((r) => shownName(r, FITS))),
  };
}

function notesOf(nodes: readonly GraphNode[], own: number, before: boolean): readonly string[] {
  const operators = nodes.filter((n) => n.kind === "operator");
  if (before) return [`${operators.length} operators`];
  const gone = operators.filter((n) => n.group === "").length;
  const left = gone > 0 ? `, ${gone} left out` : "";
  return [`${operators.length} operators in ${own} function${own === 1 ? "" : "s"}${left}`];
}

type Part = GraphNode | { readonly box: Box };

/** The nodes that are drawn, with a box for those that are left out. */
function partOf(own: readonly GraphNode[], from: number, most: number): readonly Part[] {
  const rest = own.slice(from), tail = rest.length > most ? Math.min(LAST, most - 2) : 0;
  const shown = rest.length > most ? rest.slice(0, most - tail) : rest;
  const end = tail > 0 ? rest.slice(-tail) : [];
  const middle = rest.slice(shown.length, rest.length - end.length);
  return [...folded(own.slice(0, from)), ...shown, ...folded(middle), ...end];
}

/** One box for several nodes: how many of each name. It stands for each where others read them. */
function folded(nodes: readonly GraphNode[]): readonly Part[] {
  if (nodes.length === 0) return [];
  const names = [...Map.groupBy(nodes, (n) => n.label)].map(([label, { length }]) => ({ label, length }))
    .toSorted((a, b) => b.length - a.length);
  const chips = names.slice(0, CHIPS).map(({ label, length }) => `${length} × ${label}`);
  if (names.length > CHIPS) chips.push(`and ${names.length - CHIPS} other kinds`);
  const ids = new Set(nodes.map((n) => n.name));
  const inputs = nodes.flatMap((n) => n.inputs).filter((name) => !ids.has(name));
  const box = {
    ...{ name: [...ids].join(" "), title: `… ${nodes.length} more`, under: "", rule: "", chips, inputs },
    ...{ width: WIDTH, height: heightOf(chips.length, false) },
  };
  return [{ box }];
}

function boxOf(n: GraphNode, operators: readonly GraphNode[]): Box {
  // The name of a lone operator would say what the function's own says.
  const labels = operators.length > 1 ? operators.map((o) => o.label) : [];
  const chips = labels.length > CHIPS
    ? [...labels.slice(0, CHIPS - 1), `and ${labels.length - CHIPS + 1} more`]
    : labels;
  const under = [n.rule, n.shape].filter((s) => s !== "").join(" · ");
  const common = { name: n.name, title: n.label, rule: n.rule, inputs: n.inputs };
  return { ...common, under, chips, width: WIDTH, height: heightOf(chips.length, under !== "") };
}

function heightOf(chips: number, hasSecondLine: boolean): number {
  return (hasSecondLine ? HEAD : PLAIN) + (chips > 0 ? chips * CHIP + PAD : 2);
}

function plainBox(name: string, shape: string, inputs: readonly string[] = []): Box {
  const title = shape === "" ? name : `${name}: ${shape}`;
  return {
    name: inputs.length > 0 ? `output ${name}` : name,
    title,
    under: "",
    rule: "",
    chips: [],
    inputs,
    width: WIDTH,
    height: PLAIN,
  };
}

/** The graph's outputs, where what makes them is drawn. */
function outputsOf(own: readonly GraphNode[], boxes: readonly Box[]): readonly Box[] {
  const drawn = new Set(boxes.map((b) => b.name));
  return own.filter((n) => n.output !== "" && drawn.has(n.name)).map((n) => plainBox(n.output, "", [n.name]));
}

/** The marks of laid out boxes. */
function drawn(boxes: readonly Box[], rules: readonly string[]): Spec {
  const standsFor = new Map(
    boxes.flatMap((b) => [b.name, ...b.name.split(" ")].map((name) => [name, b.name] as const)),
  );
  const known = boxes.map((b) => ({
    ...b,
    inputs: b.inputs.flatMap((name) => standsFor.get(name) ?? []).filter((name) => name !== b.name),
  }));
  const { places, lines, width, height } = layered(known, BETWEEN);
  const at = (b: Box) => places.get(b.name) as Place;
  const segments = lines.flatMap((line) =>
    line.slice(1).map((to, k) => ({ x: line[k]?.x, y: line[k]?.y, x2: to.x, y2: to.y }))
  );
  const ends = lines.flatMap((line) => line.at(-1) ?? []);
  const rects = boxes.map((b) => ({
    ...{ x: at(b).x, x2: at(b).x + b.width, y: at(b).y, y2: at(b).y + b.height },
    rule: b.rule === "" ? "none" : shownName(b.rule, FITS),
  }));
  const chipsOf = (b: Box) => {
    const top = at(b).y + (b.under === "" ? PLAIN : HEAD);
    return b.chips.map((text, k) => ({
      x: at(b).x + PAD,
      x2: at(b).x + b.width - PAD,
      y: top + k * CHIP,
      text,
    }));
  };
  const chips = boxes.flatMap((b) =>
    chipsOf(b).map((c) => ({ ...c, text: shownName(c.text, FITS), y2: c.y + CHIP - 3 }))
  );
  const titles = boxes.map((b) => ({
    x: at(b).x + b.width / 2,
    y: at(b).y + 11,
    text: shownName(b.title, FITS),
  }));
  const unders = boxes.filter((b) => b.under !== "").map((b) => ({
    x: at(b).x + b.width / 2,
    y: at(b).y + 23,
    text: shownName(b.under, FITS_SHAPE),
  }));
  const pixel = (field: string) => ({ field, type: "quantitative", scale: null, axis: null });
  const xy = { x: pixel("x"), y: pixel("y") }, box = { ...xy, x2: { field: "x2" }, y2: { field: "y2" } };
  const text = (values: readonly object[], look: object) => ({
    data: { values },
    mark: { type: "text", baseline: "middle", ...look },
    encoding: { ...xy, text: { field: "text" } },
  });
  const middles = chips.map((c) => ({ ...c, x: (c.x + c.x2) / 2, y: (c.y + c.y2) / 2 }));
  const fill = {
    field: "rule",
    type: "nominal",
    title: null,
    scale: {
      domain: [...rules, "none"],
      range: [...rules.map((_, k) => TINTS[k % TINTS.length] as string), GREY],
    },
    legend: rules.length > 0 ? { symbolType: "square", values: rules, columns: 4 } : null,
  };
  return {
    width,
    height,
    layer: [
      { data: { values: segments }, mark: { type: "rule", color: "#777777" }, encoding: box },
      {
        data: { values: ends },
        mark: {
          type: "point",
          shape: "triangle-down",
          size: 34,
          filled: true,
          color: "#777777",
          opacity: 1,
          yOffset: -3,
        },
        encoding: xy,
      },
      {
        data: { values: rects },
        mark: { type: "rect", cornerRadius: 5, stroke: "#888888", strokeWidth: 0.8 },
        encoding: { ...box, fill },
      },
      {
        data: { values: chips },
        mark: { type: "rect", cornerRadius: 4, fill: "white", stroke: "#aaaaaa", strokeWidth: 0.6 },
        encoding: box,
      },
      text(titles, { fontSize: 11, fontWeight: "bold", color: "#222222" }),
      text(unders, { fontSize: 9.5, color: "#444444" }),
      text(middles, { fontSize: 10, color: "#222222" }),
    ],
  };
}
