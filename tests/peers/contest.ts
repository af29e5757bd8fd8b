/** One operator by everybody who has it: checked, then timed in turn. */
import { checkOutput } from "../../lib/measure/check.ts";
import { roofline } from "../../lib/estimate/roofline.ts";
import type { Column } from "../../lib/records/schema.ts";
import { CONTEST_COLUMNS, type ContestRow } from "../../lib/charts/leaderboard.ts";
import type { Device } from "../../lib/runtime/device.ts";
import { expected, programOf, type Work } from "../bench/operators.ts";
import { race } from "../bench/race.ts";
import { presetsOf, ready, type SearchOptions, tuned, VERSION } from "./own.ts";
import { isLacking, messageOf, type Peer, problemOf, type Ready } from "./peer.ts";

export interface ContestOptions {
  readonly peers: ReadonlyMap<string, Peer>;
  readonly rounds: number;
  readonly seed: number;
  /** Undefined to leave the search out. */
  readonly search: SearchOptions | undefined;
  /** A device of JavaScript, whose programs take part too. */
  readonly javascript?: Device;
  /** Is told why a peer is left out. */
  readonly say: (line: string) => void;
}

/** One sample, as a row of the results; the clock of `ms` is the one that counts. */
export interface Row extends ContestRow {
  readonly version: string;
  readonly round: number;
  /** Runs in the sample. */
  readonly runs: number;
  /** Of the whole sample. */
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Of the result. */
  readonly maxError: number;
  /** Operations on floats, and bytes that must move: those of this module's program, whoever does the work. */
  readonly flops: number;
  readonly bytes: number;
}

export const COLUMNS = {
  ...CONTEST_COLUMNS,
  version: "text",
  round: "int",
  runs: "int",
  wallMs: "float",
  cpuMs: "float",
  maxError: "float",
  flops: "float",
  bytes: "float",
} as const satisfies Readonly<Record<keyof Row, Column>>;

/** A contestant whose result is right. */
interface Entrant {
  readonly name: string;
  readonly side: "own" | "peer" | "mark";
  readonly version: string;
  readonly ready: Ready;
  readonly maxError: number;
}

/** How long a sample takes at least: a wait costs up to 10 ms of wall time, and nearly no CPU time. */
const LEAST_MS = { cpu: 100, wall: 250 } as const;

/**
 * All samples of all contestants. A peer that can't do the work, or does it wrong, is left out.
 *
 * @throws {Error} if a program of this module's own gives a wrong result
 */
export async function contest(
  operator: string,
  work: Work,
  device: Device,
  { peers, rounds, seed, search, javascript, say }: ContestOptions,
): Promise<readonly Row[]> {
  const func = programOf(work);
  const { bound, ms: leastMs, flops, bytes } = roofline(func, {}, await device.probe());
  const found = search ? await tuned(func, device, search) : undefined;
  if (found) say(`${operator}: ${found.trials} trials, the best is ${found.config}`);
  const own = [...presetsOf(func, device, javascript), ...(found ? [found] : [])];
  const problem = problemOf(work, seed);
  const right = expected(work, Object.fromEntries(problem.args.map((a) => [a.name, a.data])));
  await using stack = new AsyncDisposableStack();
  const enter = async (
    name: string,
    side: Entrant["side"],
    version: string,
    ready: Ready,
  ): Promise<Entrant> => {
    stack.use(ready);
    const { maxError, wrong } = checkOutput(`the result of ${operator}`, await ready.read(), right, "f32");
    if (wrong !== undefined) throw new Error(wrong);
    return { name, side, version, ready, maxError };
  };

  const entrants: Entrant[] = [];
  for (const [name, peer] of peers) {
    try {
      const prepared = await peer.prepare(problem);
      if (isLacking(prepared)) say(`${name} is left out of ${operator}: ${prepared.lacks}`);
      else entrants.push(await enter(name, peer.isMark ? "mark" : "peer", peer.version, prepared));
    } catch (e) {
      say(`${name} is left out of ${operator}: ${messageOf(e)}`);
    }
  }
  for (const { name, func, device } of own) {
    entrants.push(await enter(name, "own", VERSION, await ready(func, device, problem.args)));
  }

  const clock = clockOf(device);
  const samples = await race(entrants.map((e) => e.ready), { rounds, leastMs: LEAST_MS[clock], clock });
  return entrants.flatMap(({ name, side, version, maxError }, k) =>
    (samples[k] ?? []).map((s, round): Row => {
      const ms = s[clock] / s.runs;
      return {
        operator,
        contestant: name,
        side,
        ms,
        bound,
        shareOfRoofline: leastMs / ms,
        version,
        round,
        runs: s.runs,
        wallMs: s.wall,
        cpuMs: s.cpu,
        maxError,
        flops,
        bytes,
      };
    })
  );
}

/** Timestamps are of one library's own device, so they can't compare. */
export function clockOf(device: Device): "cpu" | "wall" {
  return device.target.clock === "cpu" ? "cpu" : "wall";
}
