/** Memory plans against enumeration: who lives when, and where. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { layoutArena } from "../../lib/codegen/arena.ts";
import { graph } from "../../lib/relax/builder.ts";
import { RelaxError } from "../../lib/relax/error.ts";
import type { Graph } from "../../lib/relax/graph.ts";
import { bytesAt } from "../../lib/relax/memory_needs.ts";
import { planMemory } from "../../lib/relax/plan_memory.ts";
import { firstValues } from "../../lib/relax/updates.ts";
import { runGraphPasses } from "../../lib/relax/passes/pipeline.ts";
import type { Binding, Value } from "../../lib/relax/value.ts";
import { arbGraph } from "./random_graph.ts";

/** The values that are in memory while call `k` runs, workspaces included: `[storage, bytes]`. */
function livesAt(g: Graph, k: number, bounds: Record<string, number>, plan: ReturnType<typeof planMemory>) {
  const outputs = new Set<Value>(Object.values(g.outputs));
  const first = firstValues(g);
  const isNeeded = (v: Value) =>
    g.bindings.slice(k).some((b) => b.call.args.some((a) => (first.get(a) ?? a) === v));
  const values = g.bindings.slice(0, k + 1).flatMap((b) => b.results).filter((v) =>
    !outputs.has(v) && !first.has(v) && (isNeeded(v) || g.bindings[k]?.results.includes(v))
  );
  return values.map((v): [number | undefined, number] => [plan.placement.get(v), bytesAt(v.type, bounds)]);
}

Deno.test("no two things that live at one time share a storage, and each fits in its own", () => {
  let near = 0, runs = 0, arenas = 0;
  fc.assert(fc.property(arbGraph, fc.array(fc.nat(40_000), { maxLength: 3 }), ({ graph: made }, sizes) => {
    // Large enough that offsets of an arena cost little.
    const g = runGraphPasses(made), bounds = { n: 500 };
    const workspaceOf = (b: Binding) => b.call.args.length > 1 ? sizes : [];
    const plan = planMemory(g, { bounds: g.shapeVars.length > 0 ? bounds : {}, workspaceOf });
    let live = 0;
    const { behind } = plan;
    const layout = behind &&
      layoutArena(plan.storages.map((bytes, k) => ({ bytes, behind: behind[k] ?? [] })), {});
    g.bindings.forEach((b, k) => {
      const own = workspaceOf(b).map((
        n,
        i,
      ): [number | undefined, number] => [plan.workspaces.get(b)?.[i], n]);
      const all = [...livesAt(g, k, bounds, plan), ...own];
      assertEquals(new Set(all.map(([s]) => s)).size, all.length, `${g}`);
      for (const [s, bytes] of all) assert(bytes <= (plan.storages[s as number] ?? -1));
      // In an arena, what lives at one time does not overlap.
      const ends = all.map(([s, n]) => [layout?.offsets[s as number] ?? 0, n] as const).toSorted(([a], [b]) =>
        a - b
      );
      if (layout) ends.forEach(([at, n], k) => assert(at + n <= (ends[k + 1]?.[0] ?? layout.bytes)));
      live = Math.max(live, all.reduce((n, [, bytes]) => n + Math.ceil(bytes / 16) * 16, 0));
    });
    assertEquals(plan.live, live);
    if (layout) assert(layout.bytes <= plan.bytes);
    else assertEquals(plan.bytes, plan.storages.reduce((n, b) => n + b, 0));
    if (layout) arenas++;
    runs++;
    if (plan.bytes <= 1.1 * live) near++;
  }));
  assert(near > 0.8 * runs, `${near} of ${runs}, ${arenas} arenas`);
});

const chain = graph("chain", (b) => {
  let x = b.input("x", ["n", 256]);
  for (let k = 0; k < 6; k++) x = b.softmax(x, { name: `h${k}` });
  return { y: x };
});

Deno.test("a chain takes two storages", () => {
  const plan = planMemory(runGraphPasses(chain), { bounds: { n: 8 } });
  assertEquals(plan.storages, [8 * 1024, 8 * 1024]);
  assertEquals(plan.live, plan.bytes);
});

Deno.test("a plan past its budget names the tensor and the bound, and a bound must be there", () => {
  const g = runGraphPasses(chain);
  const { message } = assertThrows(
    () => planMemory(g, { bounds: { n: 2 ** 20 }, budget: 2 ** 28 }),
    RelaxError,
  );
  assertEquals(
    message.split(";")[0],
    "expected the intermediate values of chain to fit in 268435456 bytes, got 2147483648 at the bounds n = 1048576",
  );
  assert(message.includes("h0 (f32[n, 256]): 1073741824 bytes"), message);
  assertThrows(
    () => planMemory(g, { bounds: { n: 1, m: 2 } }),
    RelaxError,
    "expected bounds of n, got one of m, in chain",
  );
  assertThrows(() => planMemory(g, { bounds: {} }), RelaxError, "got none of n: give bounds { n: … }");
});

Deno.test("copies that are read at one time have textures of their own, of their kind and as large as they are", () => {
  const arbKinds = fc.array(fc.tuple(fc.constantFrom("", "a", "b"), fc.nat(9_000)), { minLength: 1 });
  let shared = 0;
  fc.assert(
    fc.property(arbGraph, arbKinds, ({ graph: made }, kinds) => {
      const g = runGraphPasses(made), first = firstValues(g), ids = new Map<Value, number>();
      const copiesOf = ({ call: { args } }: Binding) =>
        args.flatMap((value) => {
          const v = first.get(value) ?? value, id = ids.get(v) ?? ids.size;
          const [kind = "", bytes = 0] = kinds[ids.set(v, id).get(v) as number % kinds.length] ?? [];
          return kind === "" ? [] : [{ value, kind, bytes }];
        });
      const bounds = g.shapeVars.length > 0 ? { n: 500 } : {};
      const plan = planMemory(g, { bounds, copiesOf }), plain = planMemory(g, { bounds });
      assertEquals([plan.storages, plan.placement], [plain.storages, plain.placement]);
      assertEquals(plan.bytes, plain.bytes + plan.textures.reduce((n, b) => n + b, 0));
      const kindOf = new Map<number, string>(), uses = new Map<number, [Value, number][]>();
      g.bindings.forEach((b, k) =>
        copiesOf(b).forEach(({ value, kind, bytes }, n) => {
          const texture = plan.copies.get(b)?.[n] as number;
          assert(bytes <= (plan.textures[texture] ?? -1));
          assertEquals(kindOf.get(texture) ?? kind, kind);
          kindOf.set(texture, kind);
          uses.set(texture, [...uses.get(texture) ?? [], [first.get(value) ?? value, k]]);
        })
      );
      for (const list of uses.values()) {
        // A value stays from the first call that reads it there to the last.
        const values = new Set(list.map(([v]) => v));
        if (values.size > 1) shared++;
        const spans = [...values].map((v) => list.filter(([other]) => other === v).map(([, k]) => k));
        spans.forEach((a, i) =>
          spans.slice(i + 1).forEach((b) =>
            assert(Math.max(...a) < Math.min(...b) || Math.max(...b) < Math.min(...a))
          )
        );
      }
    }),
    { numRuns: 40 },
  );
  assert(shared > 0);
});

Deno.test("textures count against the budget", () => {
  const g = runGraphPasses(chain), { bytes } = planMemory(g, { bounds: { n: 8 } });
  const copiesOf = ({ call: { args } }: Binding) => args.map((value) => ({ value, kind: "a", bytes: 1000 }));
  assertEquals(planMemory(g, { bounds: { n: 8 }, copiesOf, budget: bytes + 1000 }).textures, [1000]);
  const { message } = assertThrows(
    () => planMemory(g, { bounds: { n: 8 }, copiesOf, budget: bytes + 999 }),
    RelaxError,
  );
  assert(message.includes(`got ${bytes + 1000} at the bounds n = 8`), message);
});
