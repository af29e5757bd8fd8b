import { assert, assertEquals, assertGreater } from "@std/assert";
import { FAMILIES, type Family } from "../../lib/autotvm/features.ts";
import * as dlight from "../../lib/dlight/schedule.ts";
import { spaceToTable, tableToSpace } from "../../lib/records/recorded_space.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import * as te from "../../lib/face/te.ts";
import { benchmark, type Case, caseOf, evaluate, priorFor, summary, tableFrom } from "./cost_model.ts";
import { Rng } from "../../lib/base/random.ts";

/** A case in which the first knob says all, `itervar` half of it, and the other families nothing. */
function made(name: string, seed: number, unit = 1): Case {
  const rng = Rng.of(seed);
  const truth = Array.from({ length: 80 }, () => rng.float());
  const features = Object.fromEntries(
    Object.keys(FAMILIES).map((
      f,
    ) => [f, truth.map((t) => Float64Array.of(f === "itervar" ? Math.round(2 * t) : 0))]),
  ) as Record<Family, Float64Array[]>;
  return {
    name,
    device: "made up",
    features: { ...features, knob: truth.map((t) => Float64Array.of(t)) },
    scores: truth.map((t) => (t < 0.1 ? undefined : unit * t)),
  };
}

const [a, b] = [made("a", 1), made("b", 2, 1000)];
const rows = (of: Case, family: Family | "knob") => of.features[family];

Deno.test("a view is worth what it tells, on points that the model has not seen", () => {
  for (const loss of ["regression", "rank"] as const) {
    const setup = { loss, trees: "default", points: 40 };
    const knob = evaluate(a, rows(a, "knob"), { ...setup, view: "knob" }, 1);
    const itervar = evaluate(a, rows(a, "itervar"), { ...setup, view: "itervar" }, 1);
    const nothing = evaluate(a, rows(a, "target"), { ...setup, view: "target" }, 1);
    assertGreater(knob.accuracy, 0.9);
    assert(itervar.accuracy > 0.7 && itervar.accuracy < knob.accuracy, `${itervar.accuracy}`);
    assertEquals(nothing.accuracy, 0.5);
    assertGreater(knob.recall8, 0.6);
  }
});

Deno.test("a prior of the other cases ranks before anything is measured", () => {
  const prior = priorFor(a, [a, b], "itervar", "regression");
  const setup = { view: "itervar", loss: "regression", trees: "default", points: 0 } as const;
  assertGreater(evaluate(a, rows(a, "itervar"), { ...setup, prior }, 1).accuracy, 0.7);
  assertEquals(evaluate(a, rows(a, "itervar"), setup, 1).accuracy, 0.5);
  // There is nothing to learn from where there is no other, or of knobs, which other programs have not.
  assertEquals(priorFor(a, [a], "itervar", "regression"), undefined);
  assertEquals(priorFor(a, [a, b], "knob", "regression"), undefined);
});

Deno.test("the whole benchmark is a table with a line for each setup", () => {
  const all = [...benchmark([a, b], 1)];
  const table = tableFrom(all);
  assertEquals(table.numRows, all.length);
  assertEquals(new Set(all.map((r) => r.points)), new Set([16, 32, 0]));
  const cells = summary(all);
  // Each setup was tried on both cases.
  assertEquals(cells.length - 1, all.length / 2);
  assert(cells.every((line) => line.length === cells[0]?.length));
});

Deno.test("a recorded space gives every family its row for each point, and failures no score", () => {
  const func = te.softmax({ rows: 16, columns: 64 }), target = targetOf("llvmpipe");
  const { rule, space } = dlight.schedule(func, target);
  const indices = [...Array(space.size).keys()].filter((i) => space.accepts(i)).slice(0, 40);
  const recorded = tableToSpace(spaceToTable(
    { func, target, rule, narrowing: {}, knobs: space.knobs },
    indices.map((index, n) =>
      n % 4 === 0
        ? { index, status: "timeout", ms: NaN, samples: [], seconds: 1 }
        : { index, status: "ok", ms: 2, samples: [2], seconds: 1 }
    ),
  ));
  const of = caseOf("softmax", recorded);
  assertGreater(of.scores.length, 10);
  assert(of.scores.includes(undefined) && of.scores.includes(0.5));
  for (const [family, list] of Object.entries(of.features)) {
    assertEquals(list.length, of.scores.length, family);
    assertEquals(new Set(list.map((row) => row.length)).size, 1, family);
  }
});
