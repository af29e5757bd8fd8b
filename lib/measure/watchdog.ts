import { MEMORY_MARK } from "./protocol.ts";

/** What the watchdog knows. */
interface Watch {
  /** The process that started this one. */
  readonly parent: number;
  /** Bytes of resident memory that this process may have; half of the machine's where it is undefined. */
  readonly memory: number | undefined;
  /** Begins the line that says why the process ends. */
  readonly mark: string;
}

/**
 * Starts a thread that ends this process once its parent is gone or its resident memory is above a limit, also while a
 * candidate holds the main thread. (On Windows a process keeps the number of a parent that is gone. There the process
 * ends with its input, after the candidate.)
 *
 * The thread's program comes as text, as a worker from a file needs the permission to read that file.
 *
 * @param memory bytes; default: half of the machine's memory
 * @returns once the thread watches
 */
export function startWatchdog(memory?: number): Promise<void> {
  const watched: Watch = { parent: Deno.ppid, memory, mark: MEMORY_MARK };
  const program = `import process from "node:process"; (${watch})(${
    JSON.stringify(watched)
  }, process, () => postMessage(""));`;
  const thread = new Worker(`data:text/javascript,${encodeURIComponent(program)}`, { type: "module" });
  return new Promise((resolve) => thread.onmessage = () => resolve());
}

/** Runs in the thread. It uses nothing from outside of itself, and a process may end itself without a permission. */
function watch(
  { parent, memory, mark }: Watch,
  process: { readonly pid: number; kill(pid: number, signal: string): unknown },
  ready: () => void,
): void {
  const most = memory ?? Deno.systemMemoryInfo().total / 2;
  let at = 0;
  const look = () => {
    if (++at % 10 === 0 && Deno.ppid !== parent) process.kill(process.pid, "SIGKILL");
    const { rss } = Deno.memoryUsage();
    if (rss <= most) return;
    Deno.stderr.writeSync(new TextEncoder().encode(`\n${mark}${rss} ${most}\n`));
    process.kill(process.pid, "SIGKILL");
  };
  look();
  setInterval(look, 50);
  ready();
}
