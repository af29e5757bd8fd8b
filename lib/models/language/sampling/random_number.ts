/** Random numbers of a device: functions of a seed and of what they are for, without a state. */
import { add, binary, call, cast, constant, mul, sub } from "../../../ir/build.ts";
import type { Expr } from "../../../ir/expr.ts";

const u32 = (x: number) => constant(x >>> 0, "u32");
const xor = (a: Expr, b: Expr) => binary("bitxor", a, b);
const shifted = (a: Expr, places: number) => xor(a, binary("shr", a, u32(places)));

/** Mixes the bits of a u32, so that each depends on all (lowbias32 of Ettinger's hash-prospector). */
export function mixed(x: Expr): Expr {
  const once = mul(shifted(x, 16), u32(0x7feb352d));
  return shifted(mul(shifted(once, 15), u32(0x846ca68b)), 16);
}

/** A random number of Gumbel's distribution, f32, for a seed u32, a position and a token, both i32. */
export function gumbel(seed: Expr, position: Expr, token: Expr): Expr {
  const own = mixed(add(seed, mul(cast("u32", position), u32(0x9e3779b1))));
  const bits = mixed(add(own, mul(cast("u32", token), u32(0x85ebca6b))));
  // The middle of one of 2²⁴ parts of (0, 1): never 0 and never 1.
  const uniform = mul(
    add(cast("f32", binary("shr", bits, u32(8))), constant(0.5, "f32")),
    constant(2 ** -24, "f32"),
  );
  const minus = (e: Expr) => sub(constant(0, "f32"), e);
  return minus(call("log", minus(call("log", uniform))));
}
