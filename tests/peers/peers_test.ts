/** Every peer on every operator that it has, small: results are checked, whatever was run before. */
import { assert, assertEquals } from "@std/assert";
import { checkOutput } from "../../lib/measure/check.ts";
import { expected, type Work } from "../bench/operators.ts";
import { SMALL } from "../bench/small.ts";
import { Device } from "../../lib/runtime/device.ts";
import { contest } from "./contest.ts";
import { openPeers, PEERS } from "./peers.ts";
import { isLacking, type Peer, problemOf } from "./peer.ts";

/** What a library has no operator for. */
const MISSING: Readonly<Record<string, readonly string[]>> = {
  "jax-js": ["q4Matmul", "q4Gemv"],
  "tfjs": ["q4Matmul", "q4Gemv"],
};

const ALL = Object.entries(PEERS).flatMap(([backend, peers]) =>
  Object.entries(peers).map(([name, open]) => [name, backend, open] as const)
);

for (const [name, backend, open] of ALL) {
  Deno.test({
    name: `${name} on ${backend} gives right results`,
    // Libraries keep their devices and threads for the life of the process.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn(t) {
      const peer = await open();
      assert(/^\d+\.\d+\.\d+$/.test(peer.version), peer.version);
      assert(peer.adapter.length > 0);
      const missing: string[] = [];
      for (const work of SMALL) {
        const problem = problemOf(work, crypto.getRandomValues(new Uint32Array(1))[0] as number);
        const prepared = await peer.prepare(problem);
        if (isLacking(prepared)) {
          assert(prepared.lacks.length > 0);
          missing.push(work.kind);
          continue;
        }
        await using ready = prepared;
        await t.step(Object.values(work).join(" "), async () => {
          await ready.run(1);
          await ready.run(40);
          const right = expected(work, Object.fromEntries(problem.args.map((a) => [a.name, a.data])));
          assertEquals(checkOutput(work.kind, await ready.read(), right, "f32").wrong, undefined);
        });
      }
      assertEquals(missing, MISSING[name] ?? []);
    },
  });
}

/** A library that gives zeros, and takes no time to speak of. */
const zeros: Peer = {
  version: "1.0.0",
  adapter: "here",
  prepare: ({ result }) =>
    Promise.resolve({
      run: () => new Promise((resolve) => setTimeout(resolve, 1)),
      read: () => Promise.resolve(new Float32Array(result.reduce((n, d) => n * d, 1))),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
};

Deno.test("a peer that can't be loaded, or is on another adapter, is left out with the reason", async () => {
  const lines: string[] = [];
  const peers = await openPeers("here", (line) => lines.push(line), {
    here: () => Promise.resolve(zeros),
    gone: () => Promise.reject(new TypeError("Could not find package\n  at somewhere")),
    away: () => Promise.resolve({ ...zeros, adapter: "there" }),
  });
  assertEquals([...peers.keys()], ["here"]);
  assertEquals(lines, [
    "gone is left out: Could not find package",
    "away is left out: it runs on there and not on here",
  ]);
});

Deno.test({
  name: "a peer whose results are wrong, or that can't do the work, is left out of it with the reason",
  async fn() {
    using device = await Device.open({ backend: "webgpu" });
    const work: Work = { kind: "add", elements: 72 };
    const lines: string[] = [];
    const rows = await contest("add", work, device, {
      peers: new Map([
        ["wrong", zeros],
        ["broken", { ...zeros, prepare: () => Promise.reject(new Error("no such operator")) }],
        ["without", { ...zeros, prepare: () => Promise.resolve({ lacks: "it adds nothing up" }) }],
      ]),
      rounds: 2,
      seed: 1,
      search: undefined,
      say: (line) => lines.push(line),
    });
    const own = device.target.profile === "generic-webgpu"
      ? ["Fallback", "DLight"]
      : ["Fallback", "DLight generic", "DLight"];
    assertEquals(rows.map((r) => [r.contestant, r.round]), own.flatMap((name) => [[name, 0], [name, 1]]));
    assert(rows.every((r) => r.ms > 0 && r.runs > 1 && r.maxError < 1e-6));
    assert(rows.every((r) => r.side === "own" && r.bound === "memory" && r.flops === 72 && r.bytes === 864));
    // So small an operator is nearly all launch.
    assert(rows.every((r) => r.shareOfRoofline > 0 && r.shareOfRoofline < 1));
    assert(/^wrong is left out of add: the result of add\[0\] is 0 and not /.test(lines[0] ?? ""), lines[0]);
    assertEquals(lines.slice(1), [
      "broken is left out of add: no such operator",
      "without is left out of add: it adds nothing up",
    ]);
  },
});
