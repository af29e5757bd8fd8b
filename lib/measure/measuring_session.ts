/** Serves the requests of the measuring process, on a device of its own. */
import type { Executable } from "../codegen/executable.ts";
import { compile } from "../codegen/compile.ts";
import { rules, scheduleThen } from "../dlight/schedule.ts";
import type { PrimFunc } from "../ir/func.ts";
import { funcFromJson } from "../ir/func_json.ts";
import { Device } from "../runtime/device.ts";
import type { Target } from "../target/target.ts";
import { targetFromJson } from "../target/target_json.ts";
import type { Bench } from "./bench.ts";
import { benchOf } from "./bench_of.ts";
import { attempt } from "./executable_of.ts";
import { failed } from "./failed.ts";
import { likeTarget } from "./like_target.ts";
import type { Failed, Measurement } from "./measurement.ts";
import type { Candidate } from "./measuring.ts";
import {
  candidateFromJson,
  type CandidateJson,
  type MeasureOptions,
  type Request,
  type Response,
  type Session,
  sessionFromJson,
} from "./protocol.ts";
import { warm } from "./warm.ts";

/** Compiles a candidate for a program on a target, or says why it can't be compiled. */
export type CompileCandidate = (func: PrimFunc, candidate: Candidate, target: Target) => Executable | Failed;

const NOT_PREPARED: Response = { kind: "failed", message: "no session was prepared" };

/** Answers requests, one at a time. */
export class MeasuringSession {
  #bench: Bench | undefined;
  #session: (Session & { readonly device: Device }) | undefined;

  constructor(readonly compile: CompileCandidate) {}

  async handle(request: Request): Promise<Response> {
    if (request.kind === "prepare") return await this.#prepare(request);
    if (request.kind === "schedule") return { kind: "scheduled", scheduled: scheduled(request) };
    const session = this.#session, bench = this.#bench;
    if (!session) return NOT_PREPARED;
    if (request.kind === "warm") {
      const executable = this.#executableOf(request.candidate, session);
      if ("status" in executable) return { kind: "done" };
      try {
        await warm(session.device, executable, session.shapes);
      } catch (e) {
        // Its measurement reports its failure. A lost device ends this process.
        failed(e, NaN);
      }
      return { kind: "done" };
    }
    if (!bench) return NOT_PREPARED;
    switch (request.kind) {
      case "measure": {
        const { candidate, interleave, options } = request;
        const begin = performance.now();
        const executable = this.#executableOf(candidate, session);
        const measured = "status" in executable
          ? { measurement: executable, promoted: false }
          : options.adaptive
          ? await bench.challenge(executable, options, interleave)
          : { measurement: await bench.measure(executable, options), promoted: false };
        return { kind: "measured", ...measured, busyMs: performance.now() - begin };
      }
      case "adopt": {
        const executable = this.#executableOf(request.candidate, session);
        await bench.adopt("status" in executable ? undefined : executable, request.ms);
        return { kind: "done" };
      }
      case "race": {
        const made = request.candidates.map((c) => this.#executableOf(c, session));
        return { kind: "raced", measurements: await race(bench, made, request.rounds, request.options) };
      }
      default:
        return request satisfies never;
    }
  }

  async #prepare({ session, check }: Extract<Request, { readonly kind: "prepare" }>): Promise<Response> {
    const asked = sessionFromJson(session);
    const { func, target, shapes, seed, inputs } = asked;
    const device = this.#session?.device ?? await Device.open(likeTarget(target));
    this.#session = { ...asked, device };
    if (check) this.#bench = benchOf(device, func, shapes, seed, inputs);
    return { kind: "prepared" };
  }

  #executableOf(candidate: CandidateJson, { func, target }: Session): Executable | Failed {
    const read = attempt(() => candidateFromJson(candidate));
    return "status" in read ? read : this.compile(func, read, target);
  }
}

function scheduled(
  { func, target }: Extract<Request, { readonly kind: "schedule" }>,
): Extract<Response, { readonly kind: "scheduled" }>["scheduled"] {
  return attempt(() => {
    const device = targetFromJson(target);
    const { rule, trace } = scheduleThen(funcFromJson(func), device, rules, (f) => compile(f, device)).ruled;
    return { rule, trace: trace.toJSON() };
  });
}

/** Races the candidates that compile; failures keep the places of the others. */
async function race(
  bench: Bench,
  made: readonly (Executable | Failed)[],
  rounds: number,
  options: MeasureOptions,
): Promise<readonly Measurement[]> {
  const raced = await bench.race(made.filter((m): m is Executable => !("status" in m)), rounds, options);
  let next = 0;
  return made.map((m) => "status" in m ? m : raced[next++] as Measurement);
}
