/** The constraints of Matmul's space know how much workgroup memory a point takes. */
import { assert, assertEquals } from "@std/assert";
import { Rng } from "../../lib/base/random.ts";
import { compile } from "../../lib/codegen/compile.ts";
import { match } from "../../lib/dlight/schedule.ts";
import { LimitError } from "../../lib/lower/error.ts";
import { matmulProgram } from "../../lib/op/matmul.ts";
import { instantiate, spaceOf } from "../../lib/space/template.ts";
import { targetOf } from "../../lib/target/profiles.ts";

const POINTS = 60;

/** Counts the bytes of workgroup memory that a source of f32 declares. */
function sharedBytes(source: string): number {
  const arrays = source.matchAll(/var<workgroup> \w+: array<(f32|vec4<f32>), (\d+)>/g);
  return arrays.reduce((n, [, type, length]) => n + (type === "f32" ? 4 : 16) * Number(length), 0);
}

for (const transposeB of [false, true]) {
  Deno.test(`no accepted point of a product takes more workgroup memory than there is, transposeB ${transposeB}`, () => {
    const generic = targetOf("generic-webgpu");
    const target = { ...generic, limits: { ...generic.limits, maxSharedBytes: 4096 } };
    const func = matmulProgram({ m: 256, n: 256, k: 256, transposeB });
    const { rule, template } = match(func, target);
    assertEquals(rule, "Matmul");
    const space = spaceOf(func, template), rng = Rng.of(11);
    const exceeded: string[] = [];
    let near = 0;
    for (let n = 0; n < POINTS; n++) {
      const config = space.at(space.random(rng));
      try {
        const { launches } = compile(instantiate(func, template, space, config).func, target);
        if (launches.some(({ source }) => sharedBytes(source) > 2048)) near++;
      } catch (e) {
        if (!(e instanceof LimitError)) throw e;
        if (e.message.includes("workgroup memory")) exceeded.push(`${space.show(config)}: ${e.message}`);
      }
    }
    assertEquals(exceeded, []);
    assert(near > 0, "expected points that take more than half of the memory, got none");
  });
}
