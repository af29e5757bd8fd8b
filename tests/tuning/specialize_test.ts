/** Graphs with images of symbolic sizes: each size has a program of its own. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { OptionError, TunebookError } from "../../lib/base/error.ts";
import { graph } from "../../lib/relax/builder.ts";
import { imageSizes } from "../../lib/relax/image_sizes.ts";
import { interpretGraph } from "../../lib/relax/interpret_graph.ts";
import { RuntimeError } from "../../lib/runtime/error.ts";
import { build } from "../../lib/tuning/build.ts";
import { membersOf } from "../../lib/tuning/tune_graph.ts";
import { devices } from "../devices.ts";
import { assertClose } from "./checked_graph.ts";

const random = (n: number) => new Float32Array(n).map(() => Math.random() * 2 - 1);

/** Pictures of any number and size, to a mean of each channel and a smaller picture. */
const pictures = graph("pictures", (b) => {
  const x = b.input("x", ["n", "h", "w", 4]), layout = "NHWC" as const;
  const first = b.relu(b.conv2d(x, b.weight("w1", [3, 3, 4, 8]), { padding: 1, layout }));
  const same = b.add(b.conv2d(first, b.weight("w2", [3, 3, 8, 8]), { padding: "sameUpper", layout }), first);
  const small = b.maxPool2d(same, { kernel: 3, stride: 2, padding: 1, layout });
  const mean = b.avgPool2d(small, { kernel: 2, padding: 1, countIncludePad: false, layout });
  return { small, means: b.globalAvgPool2d(mean, { layout }) };
});
const weights = { w1: random(288), w2: random(576) };
const bounds = { n: 2, h: 12, w: 16 };

Deno.test("rows and columns of images are found, and the number of images is none of them", () => {
  assertEquals(imageSizes(pictures), ["h", "w"]);
  assertEquals(imageSizes(graph("none", (b) => ({ y: b.relu(b.input("x", ["n", "h"])) }))), []);
});

Deno.test("a window that the padding of an unknown size doesn't decide is refused", () => {
  const placed = (options: { padding?: "sameUpper"; ceilMode?: boolean }) => () =>
    graph(
      "placed",
      (b) => ({ y: b.maxPool2d(b.input("x", [1, 3, "h", 8]), { kernel: 3, stride: 2, ...options }) }),
    );
  for (const options of [{ padding: "sameUpper" }, { ceilMode: true }] as const) {
    assertThrows(placed(options), TunebookError, "expected a number of rows and columns beside");
  }
});

for (const device of devices) {
  const on = `on ${device.target.name}`;

  Deno.test(`images of several sizes are right, and each size is built once ${on}`, async () => {
    using model = await build(pictures, device, { weights, bounds });
    const sizes = [{ n: 1, h: 5, w: 9 }, { n: 2, h: 12, w: 16 }, { n: 2, h: 5, w: 9 }, { n: 1, h: 1, w: 1 }];
    for (const shapes of sizes) {
      const { n, h, w } = shapes,
        x = random(n * h * w * 4),
        want = interpretGraph(pictures, { x, ...weights }, shapes);
      assertClose(await model.run({ x }, shapes), want, JSON.stringify(shapes));
      using tensor = device.tensor(x, [n, h, w, 4]);
      const { small, means } = await model.submit({ x: tensor });
      assertEquals(small?.shape, [n, Math.ceil(h / 2), Math.ceil(w / 2), 8]);
      small?.[Symbol.dispose]();
      means?.[Symbol.dispose]();
    }
    // All programs for fixed sizes hold no loop over a symbolic window.
    assert(model.explain().includes("Conv2d"), model.explain());
  });

  Deno.test(`programs that are bound outlive others, and what is too large is refused ${on}`, async () => {
    const before = device.memory;
    {
      using model = await build(pictures, device, { weights, bounds });
      const x = random(1 * 5 * 4 * 4), shapes = { n: 1, h: 5, w: 4 };
      using bound = await model.bind({ x }, shapes);
      for (let h = 6; h < 11; h++) await model.run({ x: random(h * 4 * 4) }, { n: 1, h, w: 4 });
      await bound.run(1);
      assertClose(await bound.read(), interpretGraph(pictures, { x, ...weights }, shapes), "bound");
      await assertRejects(
        () => model.run({ x: random(13 * 4 * 4) }, { n: 1, h: 13, w: 4 }),
        RuntimeError,
        "memory is planned for bounds { h: 12 }",
      );
    }
    await new Promise((done) => setTimeout(done));
    assertEquals([device.memory.weights, device.memory.bound], [before.weights, before.bound]);
  });

  Deno.test(`images that are made smaller and larger again are added where their sizes fit ${on}`, async () => {
    const g = graph("down_and_up", (b) => {
      const x = b.input("x", [1, "h", 8, 4]), w = b.weight("w", [3, 3, 4, 4]);
      const small = b.conv2d(x, w, { stride: 2, padding: 1, layout: "NHWC" });
      return { y: b.add(x, b.resize(small, { axes: [1, 2], scales: [2, 2] })) };
    });
    const w = random(144);
    using model = await build(g, device, { weights: { w }, bounds: { h: 8 } });
    const x = random(6 * 32), shapes = { h: 6 };
    assertClose(await model.run({ x }, shapes), interpretGraph(g, { x, w }, shapes), "down and up");
    await assertRejects(() => model.run({ x: random(7 * 32) }, { h: 7 }), TunebookError);
  });

  Deno.test(`which sizes have programs is an option ${on}`, async () => {
    const g = graph("rows", (b) => ({ y: b.softmax(b.input("x", ["n", "m"])) }));
    using model = await build(g, device, { bounds: { n: 4, m: 8 }, specialize: ["m"] });
    const x = random(12);
    assertClose(await model.run({ x }, { n: 2, m: 6 }), interpretGraph(g, { x }, { n: 2, m: 6 }), "rows");
    await assertRejects(() => build(g, device, { bounds: { n: 4, m: 8 }, specialize: ["k"] }), TunebookError);
    await assertRejects(
      () => build(g, device, { bounds: { n: 4 }, specialize: ["m"] }),
      TunebookError,
      "none of m",
    );
    await assertRejects(
      // @ts-expect-error: a list is wanted
      () => build(g, device, { bounds: { n: 4, m: 8 }, specialize: "m" }),
      OptionError,
    );
    const profile = await model.profile({ shapes: { n: 4, m: 5 }, rounds: 1 });
    assertEquals(profile.rows.length, 1);
    assertEquals(
      membersOf(pictures, device, { bounds }).flatMap((m) => Object.keys(m.shapes)).includes("h"),
      false,
    );
  });
}
