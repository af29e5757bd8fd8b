/**
 * Counts what code does, so that a test of how work grows doesn't depend on the speed of a machine.
 *
 * V8 counts how often each block of each function runs (`node:inspector`, precise coverage). What it can't see is work
 * inside of the engine's own functions, such as `Array.prototype.slice` or a regular expression.
 */
import { Session } from "node:inspector";

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

const session = new Session();
session.connect();
await ask("Profiler.enable");
// Only functions that are compiled from now on count block by block, so this begins once, before any of them runs.
await ask("Profiler.startPreciseCoverage", { callCount: true, detailed: true });

function ask(method: string, options: object = {}): Promise<unknown> {
  return new Promise((resolve, reject) =>
    session.post(method, options, (error, answer) => error ? reject(error) : resolve(answer))
  );
}

/**
 * Counts the blocks of the product's code that run while `act` does, by room of `lib/`. Nothing else may run meanwhile.
 * `all` is the sum.
 */
export async function countWork(
  act: () => unknown,
): Promise<Readonly<Record<string, number>> & { readonly all: number }> {
  await ask("Profiler.takePreciseCoverage");
  await act();
  const { result } = await ask("Profiler.takePreciseCoverage") as Coverage;
  const lib = new URL("../lib/", import.meta.url).href;
  const work: Record<string, number> & { all: number } = { all: 0 };
  for (const { url, functions } of result) {
    if (!url.startsWith(lib)) continue;
    const [room = ""] = url.slice(lib.length).split("/");
    const count = functions.flatMap((f) => f.ranges).reduce((sum, r) => sum + r.count, 0);
    work[room] = (work[room] ?? 0) + count;
    work.all += count;
  }
  return work;
}
