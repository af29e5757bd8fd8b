/**
 * The measuring process: a device of its own, told what to do on standard input, answering on standard
 * output. It ends when its standard input does, and a watchdog sees to it that it never outlives whoever
 * started it, not even with a candidate that does not end.
 */
import { TextLineStream } from "./lines.ts";
import type { Executable } from "../codegen/executable.ts";
import { Device } from "../runtime/device.ts";
import { Bench } from "./bench.ts";
import { attempt, executableOf } from "./executable_of.ts";
import type { Failed, Measurement } from "./measurement.ts";
import {
  candidateFromJson,
  type CandidateJson,
  MARK,
  type MeasureOptions,
  type Request,
  type Response,
  type Session,
  sessionFromJson,
} from "./protocol.ts";
import { likeTarget } from "./like_target.ts";
import { warm } from "./warm.ts";

/** The session, once prepared. */
let bench: Bench | undefined;
let session: (Session & { readonly device: Device }) | undefined;

async function handle(request: Request): Promise<Response> {
  switch (request.kind) {
    case "prepare": {
      const asked = sessionFromJson(request.session);
      const { func, target, shapes, seed, inputs } = asked;
      const device = session?.device ?? await Device.open(likeTarget(target));
      session = { ...asked, device };
      if (request.check) bench = new Bench(device, func, shapes, seed, inputs);
      return { kind: "prepared" };
    }
    case "measure": {
      if (!bench) return NOT_PREPARED;
      const { candidate, interleave, options } = request;
      const begin = performance.now();
      const executable = executableFor(candidate);
      const measured = "status" in executable
        ? { measurement: executable, promoted: false }
        : options.adaptive
        ? await bench.challenge(executable, options, interleave)
        : { measurement: await bench.measure(executable, options), promoted: false };
      return { kind: "measured", ...measured, busyMs: performance.now() - begin };
    }
    case "adopt": {
      if (!bench) return NOT_PREPARED;
      const executable = executableFor(request.candidate);
      if (!("status" in executable)) await bench.adopt(executable, request.ms);
      return { kind: "done" };
    }
    case "warm": {
      if (!session) return NOT_PREPARED;
      const executable = executableFor(request.candidate);
      if (!("status" in executable)) await warm(session.device, executable, session.shapes);
      return { kind: "done" };
    }
    case "race": {
      if (!bench) return NOT_PREPARED;
      const { candidates, rounds, options } = request;
      return { kind: "raced", measurements: await raceAll(bench, candidates, rounds, options) };
    }
    default:
      return request satisfies never;
  }
}

const NOT_PREPARED: Response = { kind: "failed", message: "no session was prepared" };

function executableFor(candidate: CandidateJson): Executable | Failed {
  const { func, target } = session as Session;
  const read = attempt(() => candidateFromJson(candidate));
  return "status" in read ? read : executableOf(func, read, target);
}

/** Races the candidates that compile; the others' failures stand in their places. */
async function raceAll(
  bench: Bench,
  candidates: readonly CandidateJson[],
  rounds: number,
  options: MeasureOptions,
): Promise<readonly Measurement[]> {
  const made = candidates.map(executableFor);
  const raced = await bench.race(made.filter((m): m is Executable => !("status" in m)), rounds, options);
  let next = 0;
  return made.map((m) => "status" in m ? m : raced[next++] as Measurement);
}

function answer(response: Response): void {
  // What a driver has printed may lack the end of its line.
  const bytes = new TextEncoder().encode(`\n${MARK}${JSON.stringify(response)}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

/** Puts the watchdog into the graph of modules, as measurer.ts does with this module; never called. */
const _watchdog = () => import("./watchdog.ts");

if (import.meta.main) {
  new Worker(new URL("./watchdog.ts", import.meta.url), { type: "module" });
  for await (
    const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
  ) {
    try {
      answer(await handle(JSON.parse(line) as Request));
    } catch (e) {
      // Whatever escapes a candidate's own failures leaves this process unfit: say so and end.
      console.error(e instanceof Error ? `${e.name}: ${e.message}` : e);
      Deno.exit(70);
    }
  }
  Deno.exit(0);
}
