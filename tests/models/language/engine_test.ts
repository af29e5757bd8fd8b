/** The cache of a real model: after forks and pops, in pages that others had, its words are onnxruntime's. */
import { assert, assertEquals } from "@std/assert";
import { decoded as unpacked } from "./unpacked.ts";
import { readConfig } from "../../../lib/models/config/read_config.ts";
import { Decoding, type Row } from "../../../lib/models/language/decoding.ts";
import { Engine } from "../../../lib/models/language/engine.ts";
import { settingsOf } from "../../../lib/models/language/sampling/settings.ts";
import { openModel } from "../../../lib/models/open_model.ts";
import { openWeights } from "../../../lib/models/weights/open_weights.ts";
import { dataTest } from "../../data.ts";
import { devices } from "../../devices.ts";
import { HostSteps, weightsOf } from "./host_steps.ts";

interface Case {
  readonly promptIds: readonly number[];
  readonly greedyIds: readonly number[];
}
const settings = settingsOf({ temperature: 0 }, {}, 0);

dataTest("after fork and pop, texts go on as if they had been alone", async (find) => {
  const [device] = devices, folder = find("stories260k", "config.json").replace(/config\.json$/, "");
  const { config, weights } = await openModel(folder);
  using engine = await Engine.open(device as typeof devices[number], {
    config,
    weights,
    quantization: "q0f32",
    context: 128,
    pages: 20,
    chunk: 64,
  });
  const cases = JSON.parse(await Deno.readTextFile(find("stories260k", "golden.json"))).cases as Case[];
  const [{ promptIds, greedyIds }, other] = cases.slice(0, 2) as [Case, Case];
  const rowOf = (sequence: Row["sequence"], ids: readonly number[]): Row => ({
    sequence,
    ids,
    promptTokens: ids.length,
    settings,
  });
  const decode = async (rows: readonly Row[], steps: number) => {
    for (const row of rows) await engine.reserve(row.sequence, steps);
    using decoding = new Decoding(engine, rows);
    return (await decoding.run(steps, false)).tokens;
  };
  const told = [...promptIds, ...greedyIds];
  // A text up to its 21st token; the 21st is in the middle of a page.
  const one = engine.table.add(), ids = told.slice(0, 21);
  await engine.prefill(one, ids.slice(0, -1));
  const two = engine.table.fork(one), three = engine.table.add();
  await engine.prefill(three, other.promptIds.slice(0, -1));
  // The fork writes other tokens into its part, and both go on beside a third text.
  const [mine, others, third] = await decode([
    rowOf(one, ids),
    rowOf(two, [...ids.slice(0, -1), 7]),
    rowOf(three, other.promptIds),
  ], 10);
  assertEquals(mine, told.slice(21, 31));
  assert(others?.join() !== mine?.join());
  assertEquals(third, other.greedyIds.slice(0, 10));
  // What the fork wrote is taken away, and it goes on as the first did.
  engine.table.pop(two, 10);
  assertEquals(await decode([rowOf(two, ids)], 10), [told.slice(21, 31)]);
  engine.table.pop(one, 12);
  assertEquals(await decode([rowOf(one, told.slice(0, 19))], 6), [told.slice(19, 25)]);
  for (const s of [one, two, three]) engine.table.remove(s);
  assertEquals(engine.table.free, 20);
});

for (const quantization of ["q4f16_1", "q8f16"] as const) {
  dataTest(`${quantization} is the model of its own decoded weights`, async (find) => {
    const [device] = devices as [typeof devices[number]];
    const folder = find("stories260k", "config.json").replace(/config\.json$/, "");
    const config = readConfig(JSON.parse(await Deno.readTextFile(find("stories260k", "config.json"))));
    const packed = await weightsOf(await openWeights(folder), config, quantization, 64);
    using steps = await HostSteps.of(device, config, packed, quantization, 64);
    using exact = await HostSteps.of(device, config, unpacked(packed, config), "q0f32", 64);
    const ids = [1, 403, 407, 261, 378, 432, 383, 286];
    const compare = async (part: readonly number[], kind: "prefill" | "decode") => {
      const got = await steps.append(part, kind), want = await exact.append(part, kind);
      const off = Math.max(...want.map((x, k) => Math.abs(x - (got[k] ?? NaN))));
      assert(off < 0.05 * Math.max(...want.map(Math.abs)), `${kind}: off by ${off}`);
    };
    await compare(ids.slice(0, 6), "prefill");
    await compare(ids.slice(6, 7), "decode");
    await compare(ids.slice(7, 8), "decode");
  });
}
