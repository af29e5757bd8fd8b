/** A search from a rule's preset is worth its start: it is never behind one from scratch. */
import { fileURLToPath } from "node:url";
import { assertGreaterOrEqual } from "@std/assert";
import { readSpace } from "../../lib/records/recorded_space.ts";
import { bestPoint, simulate } from "../../lib/tuning/simulate.ts";

/** Trials after which both are compared; `deno task bench:tuners` compares after more. */
const TRIALS = [8, 16];

for (const name of ["matmul", "gemv"]) {
  Deno.test(`${name}: the portfolio from the rule is at most 1% behind the portfolio from scratch`, async () => {
    const path = new URL(`../../notebooks/data/space_${name}_llvmpipe.arrows`, import.meta.url);
    const space = await readSpace(fileURLToPath(path)), { ms: enoughMs } = bestPoint(space);
    const sharesFrom = (start: "preset" | "scratch") => {
      const shares = TRIALS.map(() => 0);
      for (let seed = 1; seed <= 20; seed++) {
        const tried = simulate(space, { tuner: "portfolio", start, seed, budget: { trials: 16 }, enoughMs });
        for (const [k, trials] of TRIALS.entries()) {
          const ms = tried.slice(0, trials).filter((p) => p.status === "ok").map((p) => p.ms);
          shares[k] = (shares[k] ?? 0) + enoughMs / Math.min(...ms);
        }
      }
      return shares;
    };
    const fromRule = sharesFrom("preset"), fromScratch = sharesFrom("scratch");
    for (const [k, trials] of TRIALS.entries()) {
      assertGreaterOrEqual(fromRule[k] ?? 0, 0.99 * (fromScratch[k] ?? NaN), `after ${trials} trials`);
    }
  });
}
