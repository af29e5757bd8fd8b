/**
 * What each kind of thing looks like. The rooms that make programs, schedules and spaces know nothing of notebooks:
 * what they make learns here how to show itself, as the last value of a cell and where it is printed.
 */
import { Table } from "apache-arrow";
import { PrimFunc } from "../ir/func.ts";
import { Schedule } from "../schedule/schedule.ts";
import { Trace } from "../schedule/trace.ts";
import { ConfigSpace } from "../space/config_space.ts";
import { printable } from "../ir/printable.ts";
import { Chart } from "./chart.ts";
import { type Explained, ExplanationView } from "./explanation.ts";
import { KernelsView } from "./kernels_view.ts";
import { type Scheduled, ScheduledView } from "./scheduled_view.ts";
import { type Kernels, Source, sourceOf } from "./source.ts";
import { configSheet, isConfig, SpaceView } from "./space_view.ts";
import { steps } from "./steps.ts";
import { sheetOf } from "./tables.ts";
import { inConsole, seenAs, View } from "./view.ts";

/** How some kind of thing is looked at; undefined for all others. */
type Look = (thing: object) => View | undefined;

function look<T extends object>(is: (thing: object) => thing is T, view: (thing: T) => View): Look {
  return (thing) => is(thing) ? view(thing) : undefined;
}

function a<T extends object>(kind: { readonly prototype: T }) {
  return (thing: object): thing is T => thing instanceof (kind as unknown as new () => T);
}

/** The first that knows a thing shows it. */
const LOOKS: readonly Look[] = [
  look(a(View), (view) => view),
  look(a(PrimFunc), (func) => sourceOf(func)),
  look(a(Schedule), (schedule) => steps(schedule)),
  look(a(Trace), (trace) => sourceOf(trace)),
  look(a(ConfigSpace), (space) => new SpaceView(space)),
  look(a(Table), sheetOf),
  look((x): x is Explained => "verdicts" in x && "steps" in x, (e) => new ExplanationView(e)),
  look(
    (x): x is Scheduled => "rule" in x && "trace" in x && "preset" in x && "space" in x,
    (s) => new ScheduledView(s),
  ),
  look((x): x is { readonly executable: Kernels } => "executable" in x, (p) => new KernelsView(p.executable)),
  look((x): x is Kernels => "launches" in x && "language" in x, (e) => new KernelsView(e)),
  look(isConfig, configSheet),
];

/** A thing as it is looked at: of what nobody knows, what Deno makes of it. */
export function viewOf(thing: object): View {
  for (const known of LOOKS) {
    const view = known(thing);
    if (view) return view;
  }
  return new Source(Deno.inspect(thing), "js");
}

for (const kind of [PrimFunc, Schedule, Trace, ConfigSpace, Table]) seenAs(kind.prototype as object, viewOf);

Object.defineProperty(Chart.prototype, inConsole, {
  configurable: true,
  value(this: Chart) {
    return printable(`${this}`);
  },
});
