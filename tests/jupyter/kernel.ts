/** A Tunebook kernel in real Jupyter, as a test drives it. */
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { installKernel } from "../../lib/jupyter/install.ts";
import { TextLineStream } from "../../lib/measure/lines.ts";
import { environment, findPython, NoJupyterError, removeFolder } from "../notebooks/run.ts";

const DRIVE = fileURLToPath(new URL("./drive.py", import.meta.url));
/** What the outputs of a cell may come after that it is over. */
const QUIET_MS = 300;
const PATIENCE_MS = 120_000;

interface Message {
  readonly asked?: string;
  readonly alive?: boolean;
  readonly answer?: Readonly<Record<string, unknown>>;
  readonly of?: string;
  readonly type?: string;
  readonly content?: Readonly<Record<string, unknown>>;
}

export class Kernel implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #messages: Message[] = [];
  #stderr = "";

  private constructor(python: string, readonly jupyter: string, folder: string) {
    this.#process = new Deno.Command(python, {
      args: ["-u", DRIVE, folder],
      env: environment(jupyter),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#listen();
    this.#hear();
  }

  /** Started in `folder`. */
  static async start(folder: string): Promise<Kernel> {
    const python = await findPython();
    if (python === undefined) throw new NoJupyterError("there is no Jupyter");
    const jupyter = await Deno.makeTempDir({ prefix: "jupyter_" });
    await installKernel({ dataDir: jupyter });
    const kernel = new Kernel(python, jupyter, folder);
    await kernel.#next((m) => m.alive === true);
    return kernel;
  }

  async #listen(): Promise<void> {
    const lines = this.#process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
    for await (const line of lines) this.#messages.push(JSON.parse(line) as Message);
  }

  async #hear(): Promise<void> {
    for await (const text of this.#process.stderr.pipeThrough(new TextDecoderStream())) this.#stderr += text;
  }

  /** The first message of that kind from the `from`-th on. */
  async #next(is: (m: Message) => boolean, from = 0): Promise<Message> {
    const end = performance.now() + PATIENCE_MS;
    while (performance.now() < end) {
      const found = this.#messages.slice(from).find(is);
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`the kernel has not said it in ${PATIENCE_MS / 1000} s: ${is}\n${this.#stderr}`);
  }

  async #ask(request: Readonly<Record<string, string>>, is: (m: Message) => boolean): Promise<Message> {
    const from = this.#messages.length;
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
    return await this.#next(is, from);
  }

  /** Begins a cell. */
  async begin(code: string): Promise<Run> {
    const { asked = "" } = await this.#ask({ do: "execute", code }, (m) => m.asked !== undefined);
    return new Run(
      (is) => this.#next((m) => m.of === asked && is(m)),
      () => this.#messages.filter((m) => m.of === asked),
    );
  }

  /** Runs a cell to its end; what it prints or gives. */
  async run(code: string): Promise<string> {
    return await (await this.begin(code)).end();
  }

  /** What Jupyter's help says about the end of a text: in Markdown, or nothing. */
  async inspect(code: string): Promise<string | undefined> {
    const { answer } = await this.#ask({ do: "inspect", code }, (m) => m.answer !== undefined);
    return (answer?.["data"] as Readonly<Record<string, string>> | undefined)?.["text/markdown"];
  }

  /** What may be written at the end of a text. */
  async complete(code: string): Promise<readonly string[]> {
    const { answer } = await this.#ask({ do: "complete", code }, (m) => m.answer !== undefined);
    return answer?.["matches"] as readonly string[];
  }

  /** Jupyter's interrupt; whether the kernel is alive after it. */
  async interrupt(): Promise<boolean> {
    await this.#ask({ do: "interrupt" }, (m) => m.alive !== undefined);
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    return await this.alive();
  }

  /** Jupyter's restart; `now` kills the kernel, as is done to one that does not answer. */
  async restart(how: { readonly now?: "" } = {}): Promise<boolean> {
    return (await this.#ask({ do: "restart", ...how }, (m) => m.alive !== undefined)).alive === true;
  }

  async alive(): Promise<boolean> {
    return (await this.#ask({ do: "alive" }, (m) => m.alive !== undefined)).alive === true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    await this.#process.status;
    await removeFolder(this.jupyter);
  }
}

/** A cell that runs. */
export class Run {
  constructor(
    readonly next: (is: (m: Message) => boolean) => Promise<Message>,
    readonly messages: () => readonly Message[],
  ) {}

  /** Waits until it says something. */
  async says(pattern: RegExp): Promise<void> {
    await this.next((m) => pattern.test(JSON.stringify(m.content ?? {})));
  }

  /** Waits until a search has had so many trials: not each of them is shown. */
  async reaches(trials: number, who = ""): Promise<void> {
    await this.next((m) => {
      const [, n] = new RegExp(`${who}: (\\d+)(?: of \\d+)? trial`).exec(JSON.stringify(m.content ?? {})) ??
        [];
      return Number(n) >= trials;
    });
  }

  /** Waits for its end; its text, with the errors. */
  async end(): Promise<string> {
    await this.next((m) => m.type === "status" && m.content?.["execution_state"] === "idle");
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    return stripVTControlCharacters(this.messages().map(textOf).join(""));
  }
}

function textOf({ type, content = {} }: Message): string {
  const { text, data, ename, evalue } = content as {
    readonly text?: string;
    readonly data?: Readonly<Record<string, string>>;
    readonly ename?: string;
    readonly evalue?: string;
  };
  if (type === "stream") return text ?? "";
  if (type === "error") return `${ename}: ${evalue}`;
  return type === "execute_result" ? data?.["text/plain"] ?? "" : "";
}
