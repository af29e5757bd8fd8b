import { checkArgument, isPlainObject, type Kind } from "../base/check_options.ts";
import { passing } from "../base/option_kinds.ts";
import type { Domains } from "./domain.ts";
import type { Buffer, Var } from "./expr.ts";
import type { FuncData } from "./func_data.ts";
import { printFunc } from "./print.ts";
import type { Requirement } from "./requirement.ts";
import type { Stmt } from "./stmt.ts";
import { stmtKind } from "./stmt_kind.ts";

/** The parts that `with` replaces. Schedules call it for each step, so each check is a plain function. */
const PARTS: Readonly<Record<string, (part: unknown) => boolean>> = {
  params: Array.isArray,
  allocs: Array.isArray,
  body: stmtKind.is,
  name: (x) => typeof x === "string",
  domains: isPlainObject,
  activations: Array.isArray,
  inPlace: Array.isArray,
};

const partsKind: Kind<Parameters<PrimFunc["with"]>[0]> = passing(
  "an object with some of params, allocs, body, name, domains, activations and inPlace",
  (x) =>
    isPlainObject(x) &&
    Object.entries(x).every(([key, part]) =>
      part === undefined || (Object.hasOwn(PARTS, key) && PARTS[key]?.(part))
    ),
);

/**
 * A tensor program: parameters, intermediate buffers, and a body of loops over
 * blocks. A parameter that the body writes is an output, the others are inputs.
 * One that is updated in place is both.
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
    /**
     * The names of inputs that another kernel has just written, as in a graph. They lie in plain buffers and can't be
     * prepared. All other inputs are there for long: weights.
     */
    readonly activations: readonly string[] = [],
    /**
     * The names of outputs that are inputs too: the program updates them in place. They hold values before it runs, and
     * elements that it doesn't write keep theirs.
     */
    readonly inPlace: readonly string[] = [],
  ) {}

  /** The program with some of its parts replaced. */
  with(
    parts: Partial<
      Pick<PrimFunc, "params" | "allocs" | "body" | "name" | "domains" | "activations" | "inPlace">
    >,
  ): PrimFunc {
    checkArgument("func.with", "parts", parts, partsKind);
    return new PrimFunc(
      parts.name ?? this.name,
      parts.params ?? this.params,
      this.shapeVars,
      parts.allocs ?? this.allocs,
      parts.body ?? this.body,
      parts.domains ?? this.domains,
      this.requires,
      parts.activations ?? this.activations,
      parts.inPlace ?? this.inPlace,
    );
  }

  /** The program as text, in TVMScript's manner. */
  toString(): string {
    return printFunc(this);
  }
}
