/** The one parser of command lines: a table of options gives the parsing, the checks and the help. */
import { ownValue } from "../base/own_value.ts";
import { parseArgs } from "node:util";
import type { AnyKind } from "../base/check_options.ts";
import { valueProblem } from "../base/check_options.ts";
import { OptionError, TunebookError } from "../base/error.ts";
import { nearest } from "../base/nearest.ts";

/** One option of a command. */
export interface CliOption {
  /** How the text is read: a flag has none. */
  readonly as: "text" | "number" | "flag";
  /** What its value can be; checked after it is read. */
  readonly kind: AnyKind;
  /** What stands for the value in the help, for example `10` or `webgpu|cpu`. A flag has none. */
  readonly value?: string;
  /** May be given several times; its value is a list. Default false. */
  readonly multiple?: boolean;
  /** One line for the help, with the default. */
  readonly help: string;
}

/** One command. */
export interface Command<Options extends Readonly<Record<string, CliOption>>> {
  /** As it is called: `deno task rerun`. */
  readonly name: string;
  /** What it does, one sentence. */
  readonly summary: string;
  /** Names of its positional arguments: `FILE`, `[FILE]` if it may be left out, last `[FILE]…` for any number. Default: none. */
  readonly positionals?: readonly string[];
  readonly options: Options;
}

type ValueOf<O extends CliOption> = O["as"] extends "number" ? number
  : O["as"] extends "flag" ? boolean
  : string;

/** The values of a command line; an option that is not given is left out. */
export type Values<Options extends Readonly<Record<string, CliOption>>> = {
  readonly [K in keyof Options]?: Options[K]["multiple"] extends true ? readonly ValueOf<Options[K]>[]
    : ValueOf<Options[K]>;
};

/**
 * Reads a command line.
 *
 * @throws {OptionError} for an unknown option, a value that an option can't have, or a wrong number of arguments; the
 * message names the nearest option and how the command is called
 */
export function argumentsOf<Options extends Readonly<Record<string, CliOption>>>(
  command: Command<Options>,
  args: readonly string[],
): { readonly positionals: readonly string[]; readonly values: Values<Options> } {
  const { options, positionals: wanted = [] } = command;
  const refuse = (why: string): never => {
    throw new OptionError(`${why}; usage: ${usageOf(command)}`);
  };
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(options).map(([name, o]) => [name, { type: o.as === "flag" ? "boolean" : "string" }]),
    ),
    strict: false,
    tokens: true,
  });
  const positionals: string[] = [], values: Record<string, unknown> = {};
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const option = ownValue(options, token.name);
    if (!option) {
      const near = nearest(token.name, Object.keys(options));
      return refuse(
        `unknown option ${token.rawName}${near === undefined ? "" : `; did you mean --${near}?`}`,
      );
    }
    const value = valueOf(option, token.rawName, token.value, refuse);
    values[token.name] = option.multiple
      ? [...(values[token.name] as readonly unknown[] | undefined) ?? [], value]
      : value;
  }
  const missing = wanted.at(positionals.length);
  if (missing !== undefined && !missing.startsWith("[")) refuse(`missing argument ${missing}`);
  const most = wanted.at(-1)?.endsWith("…") ? Infinity : wanted.length;
  if (positionals.length > most) refuse(`unknown argument ${positionals[most]}`);
  return { positionals, values: values as Values<Options> };
}

function valueOf(
  { as, kind, value: shown }: CliOption,
  rawName: string,
  given: string | undefined,
  refuse: (why: string) => never,
): unknown {
  if (as === "flag") return given === undefined ? true : refuse(`${rawName} takes no value, got ${given}`);
  if (!given) return refuse(`missing value of ${rawName}: expected ${shown ?? kind.takes}`);
  const value = as === "number" ? Number(given) : given;
  const problem = valueProblem("the command line", rawName, value, kind);
  return problem === undefined ? value : refuse(`expected ${rawName} to be ${kind.takes}, got ${given}`);
}

/** How a command is called, on one line. */
export function usageOf(
  { name, positionals = [], options }: Command<Readonly<Record<string, CliOption>>>,
): string {
  const shown = Object.entries(options).map(([option, { value, multiple }]) =>
    `[--${option}${value === undefined ? "" : ` ${value}`}]${multiple ? "…" : ""}`
  );
  return [name, ...positionals, ...shown].join(" ");
}

/** The help of a command. */
export function helpOf(command: Command<Readonly<Record<string, CliOption>>>): string {
  const rows = Object.entries(command.options).map(([option, { value, help }]) =>
    [`--${option}${value === undefined ? "" : ` ${value}`}`, help] as const
  );
  const all = [...rows, ["--help", "Prints this."] as const];
  const width = Math.max(...all.map(([left]) => left.length)) + 2;
  return [
    command.summary,
    "",
    `Usage: ${usageOf(command)}`,
    "",
    ...all.map(([left, right]) => `  ${left.padEnd(width)}${right}`),
  ].join("\n");
}

/**
 * Runs a command as a process: prints its help for `--help`; a mistake of the user's is one line and exit code 1, a bug
 * keeps its stack.
 *
 * @param run what the command does; it returns the exit code, 0 if it returns nothing
 */
export async function runCommand(
  command: Command<Readonly<Record<string, CliOption>>>,
  run: (args: readonly string[]) => Promise<number | void>,
): Promise<never> {
  // `deno task` passes the `--` that npm's users write.
  const args = Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args;
  if (args.includes("--help") || args.includes("-h")) {
    console.log(helpOf(command));
    Deno.exit(0);
  }
  try {
    Deno.exit(await run(args) ?? 0);
  } catch (e) {
    if (!(e instanceof TunebookError)) throw e;
    console.error(e.message);
    Deno.exit(1);
  }
}
