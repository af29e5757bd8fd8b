import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { fingerprint } from "../../lib/ir/fingerprint.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { signature } from "../../lib/ir/signature.ts";
import * as te from "../../lib/face/te.ts";
import { mutants } from "./mutants.ts";
import { arbProgram } from "./random_program.ts";

Deno.test("a fingerprint is 16 digits that stay from run to run", () => {
  const f = new PrimFunc("f", [], [], [], { kind: "seq", body: [] });
  // FNV-1a of the program's text, "@T.prim_func\ndef f():\n    pass", by another implementation.
  assertEquals(fingerprint(f), "b51d691e51dd4475");
  assertEquals(fingerprint(f), fingerprint(f));
  assertMatch(fingerprint(te.transpose({ rows: 8, columns: 4 })), /^[0-9a-f]{16}$/);
});

Deno.test("programs that are built twice have one fingerprint", () => {
  const build = () => te.matmul({ m: "m", n: 8, k: 32, weights: "q4f16_1" });
  assertEquals(fingerprint(build()), fingerprint(build()));
});

Deno.test("a small change changes the text and the fingerprint", () => {
  fc.assert(
    fc.property(arbProgram, (f) => {
      for (const m of mutants(f)) {
        assertNotEquals(String(m), String(f));
        assert(fingerprint(m) !== fingerprint(f), String(m));
      }
    }),
    { numRuns: 20 },
  );
});

Deno.test("a signature is a program in one line", () => {
  assertEquals(
    signature(te.matmul({ m: 512, n: 512, k: 512 })),
    "matmul(A: f32[512, 512], B: f32[512, 512], C: f32[512, 512])",
  );
  assertEquals(
    signature(te.dequantizeQ4({ n: "n", k: "k", layout: "q4f16_1" })),
    "dequantize_q4(W_q: u32[n, (k + 31) // 32 * 4], W_scale: f16[n, (k + 31) // 32], W: f16[n, k])",
  );
});
