import { checkOptions, type Fields, isPlainObject, type Kind } from "../base/check_options.ts";
import { passing, text } from "../base/option_kinds.ts";
import type { Domains } from "./domain.ts";
import type { Buffer, Var } from "./expr.ts";
import type { FuncData } from "./func_data.ts";
import { printFunc } from "./print.ts";
import type { Requirement } from "./requirement.ts";
import type { Stmt } from "./stmt.ts";
import { stmtKind } from "./stmt_kind.ts";

const list = <T>(what: string): Kind<readonly T[]> => passing(`a list of ${what}`, Array.isArray);

const PARTS = {
  params: list<Buffer>("buffers"),
  allocs: list<Buffer>("buffers"),
  body: stmtKind,
  name: text,
  domains: passing<Domains>("an object with a domain for each input", isPlainObject),
} satisfies Fields<Parameters<PrimFunc["with"]>[0]>;

/**
 * A tensor program: parameters, intermediate buffers, and a body of loops over
 * blocks. A parameter that the body writes is an output, the others are inputs.
 * Top-level loop nests run one after the other; each becomes one kernel.
 */
export class PrimFunc implements FuncData {
  /** Makes a program of its parts, unchecked; `verifyFunc` checks it. */
  constructor(
    /** The name of the program. */
    readonly name: string,
    /** The parameters; those that the body writes are the outputs. */
    readonly params: readonly Buffer[],
    /** Shape variables, bound at launch from the arguments' shapes. */
    readonly shapeVars: readonly Var[],
    /** Intermediate buffers, in no particular order. */
    readonly allocs: readonly Buffer[],
    /** What the program runs. */
    readonly body: Stmt,
    /** The values that some inputs may have, by name. They are no part of the program's text or fingerprint. */
    readonly domains: Domains = {},
    /** What its shape variables must keep to. The program's text and fingerprint don't hold it. */
    readonly requires: readonly Requirement[] = [],
  ) {}

  /** The program with some of its parts replaced. */
  with(parts: Partial<Pick<PrimFunc, "params" | "allocs" | "body" | "name" | "domains">>): PrimFunc {
    checkOptions("func.with", parts ?? null, PARTS);
    return new PrimFunc(
      parts.name ?? this.name,
      parts.params ?? this.params,
      this.shapeVars,
      parts.allocs ?? this.allocs,
      parts.body ?? this.body,
      parts.domains ?? this.domains,
      this.requires,
    );
  }

  /** The program as text, in TVMScript's manner. */
  toString(): string {
    return printFunc(this);
  }
}
