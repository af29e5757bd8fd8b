/** Pairs of schedules: the rule's own, and the same with one choice the other way. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { TunebookError } from "../../base/error.ts";
import * as dlight from "../../dlight/schedule.ts";
import { tableOf } from "../../records/table.ts";
import { Device } from "../../runtime/device.ts";
import type { Schedule } from "../../schedule/schedule.ts";
import type { Config } from "../../space/knobs.ts";
import { race } from "../../tuning/race.ts";
import { SearchSpace } from "../../tuning/search_space.ts";
import type { StageContext } from "./stage.ts";
import { products, reductions, type Subject, vectors } from "./subjects.ts";

const COLUMNS = {
  program: "text",
  schedule: "text",
  ms: "float",
  lowMs: "float",
  highMs: "float",
  timesRule: "float",
  status: "text",
} as const;

/** One choice of a rule, taken the other way. */
interface Choice {
  readonly name: string;
  /** The knobs that change; undefined where the program has no such choice. */
  readonly flip: (preset: Config) => Config | undefined;
}

/** The choice of a knob that is on or off. */
function flag(name: string, knob: string): Choice {
  return { name, flip: (p) => typeof p[knob] === "boolean" ? { [knob]: !p[knob] } : undefined };
}

/** The choice between two values of a knob. */
function either(name: string, knob: string, off: string | number, on: string | number): Choice {
  return { name, flip: (p) => Object.hasOwn(p, knob) ? { [knob]: p[knob] === off ? on : off } : undefined };
}

/** The choices that evidence from other devices leaves open. */
const CHOICES: readonly Choice[] = [
  {
    name: "virtual threads",
    flip: (p) =>
      p.virtual_i === undefined
        ? undefined
        : p.virtual_i === 1 && p.virtual_j === 1
        ? { virtual_i: 2, virtual_j: 2 }
        : { virtual_i: 1, virtual_j: 1 },
  },
  flag("vectors of four", "vectorize"),
  flag("steps of the sum innermost", "k_innermost"),
  flag("tiles in two buffers", "double_buffer"),
  flag("copies by steps of the sum", "k_major"),
  flag("subgroups", "subgroups"),
  either("padding", "pad", 0, 4),
  either("A through workgroup memory", "a_path", "buffer", "shared"),
  either("B through workgroup memory", "b_path", "buffer", "shared"),
  either("the sum in parts", "split_k", 1, 4),
];

/** A row of the table. */
type Row =
  & Readonly<Record<"program" | "schedule" | "status", string>>
  & Readonly<Record<"ms" | "lowMs" | "highMs" | "timesRule", number>>;

/** Races the rule's schedule of each program against itself with one choice the other way. */
export async function pairs({ device, signal, stop }: StageContext): Promise<Table> {
  const rows: Row[] = [];
  // Subgroups have to be asked for; a device that has none is as before.
  using own = device.target.language === "wgsl"
    ? await Device.open({ backend: "webgpu", subgroups: true })
    : undefined;
  const on = own ?? device, { target } = on;
  for (const subject of [...products(target), ...vectors(target), ...reductions(target)]) {
    if (rows.length > 0 && signal.aborted) break;
    rows.push(...await raced(subject, on, stop));
  }
  return tableOf(rows, COLUMNS);
}

async function raced({ name, func }: Subject, device: Device, stop: AbortSignal): Promise<readonly Row[]> {
  const none = { program: name, ms: NaN, lowMs: NaN, highMs: NaN, timesRule: NaN };
  const { template } = dlight.match(func, device.target);
  const searched = new SearchSpace(func, template), { space } = searched;
  const preset = space.at(space.preset);
  const racers: Record<string, Schedule> = {};
  const rows: Row[] = [];
  const enter = (schedule: string, index: number) => {
    const made = searched.scheduleAt(index);
    if (made) racers[schedule] = made;
    else rows.push({ ...none, schedule, status: "the rule's template refuses it" });
  };
  enter("rule", space.preset);
  for (const { name: choice, flip } of CHOICES) {
    const changed = flip(preset);
    if (!changed) continue;
    const shown = `${choice}: ${Object.entries(changed).map(([k, v]) => `${k} ${v}`).join(", ")}`;
    try {
      enter(shown, space.indexOf({ ...preset, ...changed }));
    } catch (e) {
      if (!(e instanceof TunebookError)) throw e;
      rows.push({ ...none, schedule: shown, status: "the space has no such point" });
    }
  }
  try {
    const { rows: timed, measurements } = await race(racers, device, { rounds: 5, signal: stop });
    const [rule] = timed;
    return [
      ...timed.map(({ contestant, medianMs: ms, lowMs, highMs }) => {
        const m = measurements[contestant];
        const status = m?.status === "ok" ? "ok" : `${m?.status}: ${m?.message}`;
        return {
          program: name,
          schedule: contestant,
          ms,
          lowMs,
          highMs,
          timesRule: ms / (rule?.medianMs ?? NaN),
          status,
        };
      }),
      ...rows,
    ];
  } catch (e) {
    if (!(e instanceof TunebookError)) throw e;
    return stop.aborted ? [] : [{ ...none, schedule: "rule", status: e.message }];
  }
}
