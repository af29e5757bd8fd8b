/** The measuring process's loop: requests on standard input, answers on standard output, one JSON value a line. */
import { garbageCollector } from "./collect_garbage.ts";
import { TextLineStream } from "./lines.ts";
import { type CompileCandidate, MeasuringSession } from "./measuring_session.ts";
import { ERROR_CODE, MARK, type Request, type Response } from "./protocol.ts";
import { startWatchdog } from "./watchdog.ts";

/**
 * Answers requests until standard input ends, and then ends the process. A watchdog ends it with the process that
 * started it, or above the bytes of memory that are its argument, even during an endless candidate. Any error other than
 * a candidate's failure ends it with code 70.
 */
export async function serve(compile: CompileCandidate): Promise<never> {
  const [memory] = Deno.args;
  await startWatchdog(memory === undefined ? undefined : Number(memory));
  const session = new MeasuringSession(compile);
  const collect = garbageCollector();
  for await (
    const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
  ) {
    try {
      answer(await session.handle(JSON.parse(line) as Request));
      collect();
    } catch (e) {
      console.error(e instanceof Error ? `${e.name}: ${e.message}` : e);
      Deno.exit(ERROR_CODE);
    }
  }
  Deno.exit(0);
}

function answer(response: Response): void {
  // The output of a driver may lack the end of its line.
  const bytes = new TextEncoder().encode(`\n${MARK}${JSON.stringify(response)}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}
