/**
 * The measuring process: a device of its own, told what to do on standard input, answering on standard
 * output. It ends when its standard input does, and a watchdog sees to it that it never outlives whoever
 * started it, not even with a candidate that does not end.
 */
import { TextLineStream } from "./lines.ts";
import { funcFromJson } from "../ir/func_json.ts";
import { Device } from "../runtime/device.ts";
import { Bench } from "./bench.ts";
import { MARK, type Request, type Response } from "./protocol.ts";
import { warm } from "./warm.ts";

let bench: Bench | undefined;
let device: Device | undefined;

async function handle(request: Request): Promise<Response> {
  switch (request.kind) {
    case "prepare":
      device ??= await Device.open(request.device);
      bench = new Bench(device, funcFromJson(request.func), request.shapes, request.seed);
      return { kind: "prepared" };
    case "measure": {
      if (!bench) return { kind: "failed", message: "measure before prepare" };
      const { executable, options } = request;
      const begin = performance.now();
      const measured = options.adaptive
        ? await bench.challenge(executable, options)
        : { measurement: await bench.measure(executable, options), promoted: false };
      return { kind: "measured", ...measured, busyMs: performance.now() - begin };
    }
    case "adopt":
      if (!bench) return { kind: "failed", message: "adopt before prepare" };
      await bench.adopt(request.executable, request.ms);
      return { kind: "done" };
    case "warm":
      device ??= await Device.open(request.device);
      await warm(device, request.executable, request.shapes);
      return { kind: "done" };
    case "race":
      if (!bench) return { kind: "failed", message: "race before prepare" };
      return {
        kind: "raced",
        measurements: await bench.race(request.executables, request.rounds, request.options),
      };
    default:
      return request satisfies never;
  }
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
