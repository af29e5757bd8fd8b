/**
 * What is wrong with a cell that can't be parsed. Deno's kernel answers such a cell without an error, so Deno's formatter
 * parses it once more: it has the same parser, and says where it stopped.
 */
import { stripVTControlCharacters } from "node:util";

/** An error as Jupyter shows it. */
export interface ShownError {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** Gives the syntax error of a cell with its line and column there, from 1; undefined if there is none. */
export async function syntaxErrorOf(code: string): Promise<ShownError | undefined> {
  const formatter = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--no-config", "--ext", "ts", "-"],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const output = formatter.output();
  const writer = formatter.stdin.getWriter();
  // The formatter may end before it has read all.
  await writer.write(new TextEncoder().encode(code)).then(() => writer.close()).catch(() => {});
  const { code: status, stderr } = await output;
  if (status === 0) return undefined;
  return shownError(stripVTControlCharacters(new TextDecoder().decode(stderr)));
}

/** Reads what the formatter says: a message, the line with a mark below, and the place. */
function shownError(said: string): ShownError | undefined {
  const [, what] = /SyntaxError: (.*)/.exec(said) ?? [];
  const [, line, column] = /:(\d+):(\d+)\s*$/m.exec(said) ?? [];
  if (what === undefined || line === undefined || column === undefined) return undefined;
  const evalue = `${what}, line ${line}:${column}`;
  const excerpt = said.split("\n").filter((l) => /^\s*(\d+ )?\|/.test(l));
  return { ename: "SyntaxError", evalue, traceback: [`SyntaxError: ${evalue}`, ...excerpt] };
}
