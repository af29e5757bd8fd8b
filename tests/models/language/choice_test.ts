/** The choice of tokens on devices, against the same choice by sorting on the host. */
import { assert, assertEquals } from "@std/assert";
import { type Choice, COLUMNS } from "../../../lib/models/language/sampling/choice.ts";
import { keysOf } from "../../../lib/models/language/sampling/keys.ts";
import { graph } from "../../../lib/relax/builder.ts";
import { buildGraph } from "../../../lib/tuning/build_graph.ts";
import { devices } from "../../devices.ts";
import { normalNumbers } from "../tiny_checkpoint.ts";

const ROWS = 2, VOCABULARY = 300;
const EVERYTHING: Choice = {
  mask: true,
  bias: true,
  penalties: true,
  random: true,
  topK: true,
  topP: true,
  minP: true,
};
const WORDS = Math.ceil(VOCABULARY / 32);

interface Given {
  readonly logits: Float32Array<ArrayBuffer>;
  readonly bias: Float32Array<ArrayBuffer>;
  readonly counts: Int32Array<ArrayBuffer>;
  readonly parameters: Float32Array<ArrayBuffer>;
  readonly mask: Uint32Array<ArrayBuffer>;
}

function given(seed: number): Given {
  const normal = normalNumbers(seed), size = ROWS * VOCABULARY;
  const row = (t: number, k: number, p: number, m: number) => [1 / t, k, p, Math.log(m), 1.3, 0.2, 0.1, 0];
  return {
    logits: Float32Array.from({ length: size }, () => 3 * normal()),
    bias: Float32Array.from({ length: size }, () => normal()),
    counts: Int32Array.from({ length: size }, (_, k) => k % 7 === 0 ? 1 + k % 3 : 0),
    mask: Uint32Array.from({ length: ROWS * WORDS }, () => Math.floor((normal() + 8) * 2 ** 30)),
    parameters: Float32Array.from([...row(0.8, 40, 0.9, 0.01), ...row(1.4, 9, 0.6, 0.001)]),
  };
}

/** The tokens that may be chosen, from the definition: sorted, cut, summed up. */
function allowed({ logits, bias, counts, parameters, mask }: Given, row: number): ReadonlySet<number> {
  const of = (name: typeof COLUMNS[number]) =>
    parameters[row * COLUMNS.length + COLUMNS.indexOf(name)] as number;
  const scores = Array.from({ length: VOCABULARY }, (_, j) => {
    const at = row * VOCABULARY + j, all = counts[at] as number, count = all >> 1;
    let x = (logits[at] as number) + (bias[at] as number);
    if (all > 0) {
      x -= count > 0 ? of("presence") + count * of("frequency") : 0;
      x = x < 0 ? x * of("repetition") : x / of("repetition");
    }
    return { j, x: x * of("inverseTemperature") };
  }).filter(({ j }) => (mask[row * WORDS + (j >> 5)] as number) >>> (j & 31) & 1).sort((a, b) => b.x - a.x)
    .slice(0, of("topK"));
  const most = scores[0]?.x ?? 0, masses = scores.map(({ x }) => Math.exp(x - most));
  const all = masses.reduce((a, b) => a + b, 0);
  let sum = 0, end = 0;
  while (sum < of("topP") * all) sum += masses[end++] as number;
  return new Set(scores.slice(0, end).filter(({ x }) => x - most >= of("logMinP")).map(({ j }) => j));
}

for (const device of devices) {
  Deno.test(`only tokens of the best k, of probability p and of share m may be chosen, on ${device.target.name}`, async () => {
    const made = graph("choice", (b) => {
      const logits = b.input("logits", [ROWS, VOCABULARY], "f32"), state = b.input("state", [ROWS, 3], "i32");
      const counts = b.input("counts", [ROWS, VOCABULARY], "i32");
      return {
        keys: keysOf(b, EVERYTHING, { shape: { rows: ROWS, vocabulary: VOCABULARY }, logits, state, counts }),
      };
    });
    using program = await buildGraph(made, device);
    for (const seed of [1, 2, 3]) {
      const all = given(seed), seeds = Uint32Array.of(seed, 99), state = Int32Array.of(5, 0, 0, 6, 0, 0);
      const { keys } = await program.run({ ...all, seeds, state });
      for (let row = 0; row < ROWS; row++) {
        const own = [...keys?.subarray(row * VOCABULARY, (row + 1) * VOCABULARY) ?? []];
        const may = own.flatMap((x, j) => x > -1e30 ? [j] : []);
        assertEquals(new Set(may), allowed(all, row), `row ${row} of seed ${seed}`);
      }
    }
  });
}

Deno.test("tokens are drawn by their probabilities, and the same ones for the same seed", async () => {
  const [device] = devices, rows = 4000, logits = [0.5, 2, -1, 1];
  const choice: Choice = {
    ...EVERYTHING,
    mask: false,
    bias: false,
    penalties: false,
    topK: false,
    topP: false,
    minP: false,
  };
  const made = graph("draw", (b) => {
    const given = b.input("logits", [rows, 4], "f32"), state = b.input("state", [rows, 3], "i32");
    const keys = keysOf(b, choice, { shape: { rows, vocabulary: 4 }, logits: given, state });
    return { ids: b.argmax(keys, { axis: 1 }) };
  });
  using program = await buildGraph(made, device as typeof devices[number]);
  const draw = async (seed: number) => {
    const parameters = new Float32Array(rows * COLUMNS.length).fill(1);
    const { ids } = await program.run({
      logits: Float32Array.from({ length: rows * 4 }, (_, k) => logits[k % 4] as number),
      parameters,
      seeds: new Uint32Array(rows).fill(seed),
      state: Int32Array.from({ length: rows * 3 }, (_, k) => k % 3 === 0 ? k / 3 : 0),
    });
    return [...ids as Int32Array];
  };
  const ids = await draw(7), all = logits.reduce((n, x) => n + Math.exp(x), 0);
  logits.forEach((x, j) => {
    const p = Math.exp(x) / all, found = ids.filter((id) => id === j).length / rows;
    assert(Math.abs(found - p) < 4 * Math.sqrt(p * (1 - p) / rows), `token ${j}: ${found} for ${p}`);
  });
  assertEquals(await draw(7), ids);
  assert((await draw(8)).some((id, k) => id !== ids[k]));
});
