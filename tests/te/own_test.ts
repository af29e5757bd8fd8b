/** An operator of one's own, made of what `mod.ts` exports and nothing else. */
import { assertEquals } from "@std/assert";
import { expr, interpret, te } from "../../mod.ts";

Deno.test("a band of products, masked, from te.compute and expr", () => {
  const tokens = 5, window = 3, size = 4;
  const Q = te.placeholder("Q", [tokens, size]), K = te.placeholder("K", [tokens, size]);
  const d = te.reduceAxis(size, "d");
  const back = (i: typeof d.var, j: typeof d.var) => expr.sub(i, j);
  const S = te.compute("S", [tokens, window], (i, j) => {
    const key = expr.select(
      expr.ge(back(i, j), 0),
      K.at(expr.max(back(i, j), 0), d.var),
      expr.constant(0, "f32"),
    );
    return te.sum(expr.mul(Q.at(i, d.var), key), [d]);
  });
  const whole = () => Float32Array.from({ length: tokens * size }, () => Math.floor(Math.random() * 19) - 9);
  const q = whole(), k = whole();
  const expected = Array.from({ length: tokens * window }, (_, at) => {
    const i = Math.floor(at / window), from = i - at % window;
    if (from < 0) return 0;
    return Array.from({ length: size }, (_, d) => (q[i * size + d] ?? NaN) * (k[from * size + d] ?? NaN))
      .reduce((a, b) => a + b);
  });
  assertEquals(Array.from(interpret(te.primFunc("band", [Q, K, S]), { Q: q, K: k })["S"] ?? []), expected);
});
