/** Runs one of the fables' scripts in Python, without PyTorch. */

const HERE = new URL("./", import.meta.url);

const QUIET = { stdout: "null", stderr: "null" } as const;

/** Whether there is a Python 3. */
export function hasPython(): boolean {
  return succeeds("python3", ["--version"]);
}

/** Whether Debian's PyTorch is installed. */
export function hasTorch(): boolean {
  return succeeds("/usr/bin/python3", ["-c", "import torch"]);
}

function succeeds(command: string, args: string[]): boolean {
  try {
    return new Deno.Command(command, { args, ...QUIET }).outputSync().success;
  } catch (e) {
    if (e instanceof Deno.errors.NotFound) return false;
    throw e;
  }
}

/** Trains with these arguments. */
export async function train(args: readonly string[]): Promise<void> {
  const command = new Deno.Command("/usr/bin/python3", {
    args: ["train.py", ...args],
    cwd: HERE,
    env: { PYTHONDONTWRITEBYTECODE: "1", OPENBLAS_NUM_THREADS: "1" },
    ...QUIET,
  });
  if (!(await command.output()).success) throw new Error(`train.py ${args.join(" ")} failed`);
}

/** Runs a script with JSON as its input, and gives the JSON that it writes. */
export async function python(
  script: string,
  args: readonly string[],
  input: unknown = null,
): Promise<unknown> {
  const child = new Deno.Command("python3", {
    args: [script, ...args],
    cwd: HERE,
    env: { PYTHONDONTWRITEBYTECODE: "1", PYTHONIOENCODING: "utf-8" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(input)));
  await writer.close();
  const { success, stdout } = await child.output();
  if (!success) throw new Error(`${script} failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}
