import type { Rule } from "../dlight/rule.ts";
import { match } from "../dlight/schedule.ts";
import { equalFunc } from "../ir/equal.ts";
import { fingerprint } from "../ir/fingerprint.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { PassContext } from "../relax/passes/pass.ts";
import { PATTERN_KINDS } from "../relax/pattern_kind.ts";
import { patternOf } from "../relax/pattern_of.ts";
import type { Target } from "../target/target.ts";

/**
 * Gives what fusion asks before functions become one: the rule of the main one must take the fused function, too. One
 * rule alone fuses nothing.
 */
export function fusionBy(among: readonly Rule[], target: Target): Required<PassContext>["accepts"] {
  if (among.length < 2) return () => false;
  const ruleOf = remembered((func) => match(func, target, among).rule);
  return (fused, parts) => ruleOf(fused) === ruleOf(anchorOf(parts));
}

/** The part whose rule a fused function must keep: a product, or else a reduction, or else the first. */
function anchorOf(parts: readonly PrimFunc[]): PrimFunc {
  const order = (f: PrimFunc) => PATTERN_KINDS.indexOf(patternOf(f).kind);
  return parts.reduce((a, b) => order(a) < order(b) ? b : a);
}

/** Remembers by the program itself: layers of a model are fused alike, each from programs of its own. */
function remembered<V>(f: (func: PrimFunc) => V): (func: PrimFunc) => V {
  const known = new Map<string, { readonly func: PrimFunc; readonly value: V }[]>();
  return (func) => {
    const key = fingerprint(func), list = known.get(key) ?? [];
    const same = list.find((x) => equalFunc(x.func, func));
    if (same) return same.value;
    const value = f(func);
    known.set(key, [...list, { func, value }]);
    return value;
  };
}
