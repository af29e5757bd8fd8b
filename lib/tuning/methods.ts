/** The methods that `compare` runs on a program. */
import * as dlight from "../dlight/schedule.ts";
import { fallback } from "../dlight/fallback/fallback.ts";
import { TunebookError } from "../base/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { KernelSource } from "../measure/kernel_source.ts";
import type { Template } from "../space/template.ts";
import type { Target } from "../target/target.ts";
import { checkArgument, type Fields, type Kind } from "../base/check_options.ts";
import {
  aFunction,
  anyOf,
  arrayOf,
  name,
  nested,
  positive,
  required,
  tupleOf,
} from "../base/option_kinds.ts";

/** Fallback, the rule, the search alone, the search from the rule. */
export const METHODS: readonly Method[] = ["fallback", "dlight", "autotvm", "autotvm+dlight"];
/** A method of `compare` by its name: "fallback", "dlight", "autotvm" or "autotvm+dlight". */
export type Method = "fallback" | "dlight" | "autotvm" | "autotvm+dlight";

/** The user's own kernel: WGSL, with workgroups as three numbers or as a function of the shapes. */
export interface OwnSource extends Omit<KernelSource, "workgroups"> {
  /** Workgroups in x, y and z, or a function of the shapes that gives them. */
  readonly workgroups:
    | KernelSource["workgroups"]
    | ((shapes: Shapes) => KernelSource["workgroups"]);
}

/** A method of the user's own: a kernel in WGSL, or a template at its presets. */
export type OwnMethod = OwnSource | Template;

/** A method with a single candidate: a point of a template's space, or a source. */
export type FixedMethod =
  & { readonly name: string }
  & (
    | { readonly rule: string; readonly template: Template }
    | { readonly source: KernelSource }
  );

/** A method that searches, and where it begins. */
export interface SearchMethod {
  readonly name: string;
  readonly start: "preset" | "scratch";
}

const SOURCE_FIELDS = {
  source: required(name),
  workgroups: required(
    anyOf(
      tupleOf(positive, positive, positive),
      aFunction<(shapes: Shapes) => KernelSource["workgroups"]>("a function of the shapes"),
    ),
  ),
  entryPoint: name,
  bindings: arrayOf(name),
  uniforms: arrayOf(name),
} satisfies Fields<OwnSource>;

/** The kinds of methods that `also` of `compare` takes. */
export const ownMethod: Kind<OwnMethod> = anyOf(
  aFunction<Template>("a template: (schedule, knobs) => { … }"),
  nested(SOURCE_FIELDS),
);

/**
 * The methods by name, in order, the user's own last.
 *
 * @throws {TunebookError} for an unknown method, a name that is taken, or a source with bad workgroups
 */
export function methodsFor(
  func: PrimFunc,
  target: Target,
  shapes: Shapes,
  methods: readonly Method[],
  also: Readonly<Record<string, OwnMethod>>,
): readonly (FixedMethod | SearchMethod)[] {
  const own = Object.entries(also).map(([name, method]): FixedMethod => {
    if ((METHODS as readonly string[]).includes(name)) {
      throw new TunebookError(`expected a name of your own in also, got ${name}, which compare has itself`);
    }
    return typeof method === "function"
      ? { name, rule: method.name || name, template: method }
      : { name, source: sourceAt(name, method, shapes) };
  });
  return [...methods.map((name) => builtIn(name, func, target)), ...own];
}

function builtIn(name: Method, func: PrimFunc, target: Target): FixedMethod | SearchMethod {
  switch (name) {
    case "fallback":
      return { name, ...dlight.match(func, target, [fallback]) };
    case "dlight":
      return { name, ...dlight.match(func, target) };
    case "autotvm":
      return { name, start: "scratch" };
    case "autotvm+dlight":
      return { name, start: "preset" };
    default:
      throw new TunebookError(`expected a method of ${METHODS.join(", ")}, got ${name satisfies never}`);
  }
}

function sourceAt(name: string, own: OwnSource, shapes: Shapes): KernelSource {
  if (typeof own.workgroups !== "function") return { ...own, workgroups: own.workgroups };
  const workgroups = own.workgroups(shapes);
  checkArgument(
    "compare",
    `also.${name}.workgroups(shapes)`,
    workgroups,
    tupleOf(positive, positive, positive),
  );
  return { ...own, workgroups };
}
