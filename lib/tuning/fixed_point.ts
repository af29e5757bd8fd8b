/** The one candidate of a method that doesn't search. */
import { hashOf } from "../base/hash.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { KernelSource } from "../measure/kernel_source.ts";
import type { Failed } from "../measure/measurement.ts";
import type { Candidate } from "../measure/measuring.ts";
import type { Config } from "../space/knobs.ts";
import type { FixedMethod } from "./methods.ts";
import { SearchSpace } from "./search_space.ts";

/** The one point of a method. */
interface Point {
  readonly rule: string;
  readonly index: number;
  readonly config: Config;
  readonly candidate: Candidate | Failed;
}

/** Gives the candidate of a method that doesn't search, or the reason why it has none. */
export function fixedPoint(method: FixedMethod, func: PrimFunc): Point {
  if ("source" in method) {
    const { source } = method;
    return { rule: "source", index: 0, config: { source: keyOf(source) }, candidate: { source } };
  }
  const space = new SearchSpace(func, method.template);
  const index = space.preset;
  return { rule: method.rule, index, config: space.space.at(index), candidate: space.candidateAt(index) };
}

/** What tells a source from another in a log. */
function keyOf({ source, workgroups, entryPoint, bindings, uniforms }: KernelSource): string {
  return hashOf(JSON.stringify([source, workgroups, entryPoint, bindings, uniforms]));
}
