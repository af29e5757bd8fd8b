/** The measuring process, seen from the process that starts it. */
import { messageOf } from "../base/error.ts";
import { TextLineStream } from "./lines.ts";
import { projectConfig } from "./project_config.ts";
import { ERROR_CODE, MARK, MEMORY_MARK, type Request, type Response, responseFromJson } from "./protocol.ts";

/** The longest timer, milliseconds: a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;
/** Time after a deadline to read an answer that came before it, while this process was busy. */
const GRACE_MS = 50;

const WORKER = new URL("./worker.ts", import.meta.url);

/** How a request ended without an answer. */
export type Ending =
  | { readonly ended: "timeout" }
  /** `told` tells whether it ended itself with an error, which it would do again. */
  | { readonly ended: "died"; readonly how: string; readonly told: boolean }
  /** It took `bytes` of memory, above its limit. */
  | { readonly ended: "outOfMemory"; readonly bytes: number; readonly limit: number };

/**
 * All that the process may do outside of itself: read how much memory the machine has. WebGPU and the clocks need no
 * permission. Modules come from the cache, so that none fetches anything.
 */
const PERMISSIONS = ["--no-prompt", "--allow-sys=systemMemoryInfo"];

/** Adds the worker to the module graph, so that `deno cache` fetches it and a lock file names it. Never called. */
const _worker = () => import("./worker.ts");

/** One child process and the line to it. */
export class MeasuringProcess {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #drained: Promise<void>;
  #stderr = "";
  dead = false;

  /**
   * Starts the process that runs a module, by default the worker.
   *
   * @param maxMemory bytes above which it ends; default half of the machine's memory
   * @param permissions arguments of `deno run` for a worker that needs more than Tunebook's
   */
  constructor(maxMemory?: number, url: URL = WORKER, permissions: readonly string[] = []) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--v8-flags=--expose-gc",
        ...PERMISSIONS,
        ...permissions,
        "--cached-only",
        ...(url.protocol.startsWith("http") ? [`--allow-import=${url.host}`] : []),
        ...projectConfig(),
        url.href,
        ...(maxMemory === undefined ? [] : [`${maxMemory}`]),
      ],
      // What the child says of an error goes into a message.
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      // Jupyter interrupts a kernel's whole process group. That must not count as a candidate's failure.
      detached: true,
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
      .getReader();
    this.#process.status.then(() => this.dead = true);
    this.#drained = this.#drain();
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Keeps the end of the child's error output. */
  async #drain(): Promise<void> {
    for await (const text of this.#process.stderr.pipeThrough(new TextDecoderStream())) {
      this.#stderr = (this.#stderr + text).slice(-2000);
    }
  }

  async ask(request: Request, deadlineMs: number): Promise<Response | Ending> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<Ending>((resolve) => {
      timer = setTimeout(() => {
        timer = setTimeout(() => resolve({ ended: "timeout" }), GRACE_MS);
      }, Math.min(deadlineMs, LONGEST_MS));
    });
    try {
      return await Promise.race([this.#exchange(request), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #exchange(request: Request): Promise<Response | Ending> {
    try {
      await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
      while (true) {
        const { value, done } = await this.#lines.read();
        if (done) return await this.#epitaph();
        if (value.startsWith(MARK)) return responseFromJson(value.slice(MARK.length));
      }
    } catch (e) {
      const ending = await this.#epitaph();
      return ending.ended === "died" ? { ...ending, how: `${ending.how} (${messageOf(e)})` } : ending;
    }
  }

  async #epitaph(): Promise<Ending> {
    const { code, signal } = await this.#process.status;
    await this.#drained;
    const lines = this.#stderr.split("\n").filter((l) => l && !l.includes("XDG_RUNTIME_DIR"));
    const memory = lines.find((l) => l.startsWith(MEMORY_MARK));
    if (memory !== undefined) {
      const [bytes = NaN, limit = NaN] = memory.slice(MEMORY_MARK.length).split(" ").map(Number);
      return { ended: "outOfMemory", bytes, limit };
    }
    const said = lines.slice(-3).join(" ");
    const how = `${signal ? `signal ${signal}` : `exit code ${code}`}${said ? `: ${said}` : ""}`;
    return { ended: "died", how, told: code === ERROR_CODE };
  }

  async kill(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch (e) {
      // It has ended by itself already.
      if (!(e instanceof TypeError || e instanceof Deno.errors.NotFound)) throw e;
    }
    await this.#process.status;
    await this.#writer.abort().catch(() => {});
    await this.#lines.cancel().catch(() => {});
  }
}
